import { Failure } from "../../../domain/failure.ts";
import { type Child, type ChildEnd, startChild, succeeded } from "../../../platform/child.ts";
import { readToEnd } from "../../../platform/read-to-end.ts";
import { type Doing, failureOf } from "./rclone-error.ts";
import type { RcloneSettings } from "./settings.ts";

/** `lsjson --stat` came with 1.56. */
const oldest = { major: 1, minor: 56 };
/** From 1.63 on rclone writes under a name of its own first, which would be no leftover that we know. */
const writesAside = { major: 1, minor: 63 };

export interface Ended {
  readonly end: ChildEnd;
  readonly stdout: string;
}

/** The installed program, once its version is known to do. */
export interface Rclone {
  /** To the end, whatever that is. */
  run(args: readonly string[]): Promise<Ended>;
  /** As run; throws what `doing` failed with unless it ended well. Returns its stdout. */
  demand(doing: Doing, args: readonly string[]): Promise<string>;
  start(
    args: readonly string[],
    pipes: Pick<Parameters<typeof startChild>[0], "stdin" | "stdout">,
  ): Promise<Child>;
}

/**
 * Waits are short and tries few, because whoever calls asks again by itself; `--config` and the operator's own
 * options come last, so that they win.
 */
export function createRclone(settings: RcloneSettings): Rclone {
  const { program, env, configFile } = settings;
  const own = ["--retries", "1", "--low-level-retries", "3", "--contimeout", "15s", "--timeout", "60s"];
  const config = configFile === null ? [] : ["--config", configFile];
  const common = [...own, "--use-server-modtime", ...config, ...settings.args];
  const start: Rclone["start"] = async (args, pipes) =>
    startChild({ program, args: [...(await knownOptions(settings)), ...common, ...args], env, ...pipes });
  const run = async (args: readonly string[]) => endOf(await start(args, { stdout: "pipe" }));
  return {
    start,
    run,
    async demand(doing, args) {
      const { end, stdout } = await run(args);
      if (!succeeded(end)) throw failureOf(doing, end);
      return stdout;
    },
  };
}

async function endOf(child: Child): Promise<Ended> {
  const bytes = child.stdout === null ? Buffer.alloc(0) : await readToEnd(child.stdout);
  return { end: await child.ended, stdout: bytes.toString() };
}

/** By program: each is asked once in our life, and again after a failure, when it may have been installed. */
const asked = new Map<string, Promise<readonly string[]>>();

async function knownOptions(settings: RcloneSettings): Promise<readonly string[]> {
  const key = `${settings.program} ${settings.env.PATH ?? ""}`;
  const options = asked.get(key) ?? optionsOf(settings);
  asked.set(key, options);
  try {
    return await options;
  } catch (error) {
    asked.delete(key);
    throw error;
  }
}

/** What this version must be told beside the rest. Throws "platform.child" for one that is missing or too old. */
async function optionsOf({ program, env }: RcloneSettings): Promise<readonly string[]> {
  const { end, stdout } = await endOf(await started(program, env));
  const [, major, minor] = /^rclone v(\d+)\.(\d+)/m.exec(stdout) ?? [];
  if (!succeeded(end) || major === undefined || minor === undefined)
    throw failureOf(`ask "${program}" for its version`, end);
  const version = { major: Number(major), minor: Number(minor) };
  if (!isAtLeast(version, oldest)) {
    throw new Failure(
      "platform.child",
      `Cannot use "${program}": it is rclone ${major}.${minor}, and ${oldest.major}.${oldest.minor} is the oldest that will do`,
      {
        hint: "Install a newer one from rclone.org or your distribution's backports, and name it as program.",
      },
    );
  }
  return isAtLeast(version, writesAside) ? ["--inplace"] : [];
}

async function started(program: string, env: RcloneSettings["env"]): Promise<Child> {
  try {
    return await startChild({ program, args: ["version"], env, stdout: "pipe" });
  } catch (error) {
    throw new Failure("platform.child", `Cannot use "${program}": it is not installed or cannot be started`, {
      hint: "Install it: sudo apt-get install rclone; or name where it is as program.",
      cause: error,
    });
  }
}

interface Version {
  readonly major: number;
  readonly minor: number;
}

function isAtLeast(one: Version, other: Version): boolean {
  return one.major > other.major || (one.major === other.major && one.minor >= other.minor);
}
