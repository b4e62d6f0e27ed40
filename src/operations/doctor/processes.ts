import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { may, textAt } from "./ask.ts";
import type { MachinePaths } from "./scene.ts";

/** The processes of this machine that can start our jobs. */
export interface Starters {
  readonly isCronRunning: boolean;
  /** Process ids of `codex-backup serve`, of this configuration or of one that is not told. */
  readonly serving: readonly number[];
}

const cronNames = new Set(["cron", "crond", "cronie", "busybox-crond", "fcron", "bcron"]);

/** Reads /proc: what runs counts, not what a pid file says, unless the processes of others are hidden. */
export async function findStarters(
  { proc, cronPidFile }: Pick<MachinePaths, "proc" | "cronPidFile">,
  configPath: string,
): Promise<Starters> {
  const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
  const seen = await Promise.all(pids.map(async (pid) => ({ pid, words: await wordsOf(join(proc, pid)) })));
  const isHidden = !pids.includes("1");
  return {
    isCronRunning:
      (isHidden && (await may(cronPidFile, "see"))) ||
      seen.some(({ words: [program = ""] }) => cronNames.has(basename(program))),
    serving: seen.filter(({ words }) => isServing(words, configPath)).map(({ pid }) => Number(pid)),
  };
}

/** The argv of a process; a kernel thread or one that has just ended has none. */
async function wordsOf(directory: string): Promise<readonly string[]> {
  return ((await textAt(join(directory, "cmdline"))) ?? "").split("\0").filter((word) => word !== "");
}

function isServing(words: readonly string[], configPath: string): boolean {
  const program = words.findIndex((word) => /(^|\/)codex-backup(\.js)?$|\/src\/main\.ts$/.test(word));
  if (program < 0 || !words.slice(program + 1).includes("serve")) return false;
  const config = words[words.indexOf("--config") + 1];
  return !words.includes("--config") || config === configPath || config?.startsWith("/") === false;
}
