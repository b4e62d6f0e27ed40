import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { text as readText } from "node:stream/consumers";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import { Secret } from "../domain/secret.ts";
import { type ChildEnd, describeEnd, startChild, succeeded } from "../platform/child.ts";
import type { Clock } from "../platform/clock.ts";
import type { SecretSetting } from "./schema/secret.ts";

export interface SecretSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative files are taken from here; commands run here. */
  readonly directory: string;
  /** False: the config itself may not hold a secret. */
  readonly isConfigPrivate: boolean;
  readonly clock: Clock;
  /** Several lines are fine, and kept as they are. Left out: one line. */
  readonly isText?: boolean | undefined;
}

/** Why a secret could not be had, as "FOUND; ALLOWED"; never the secret. */
export interface SecretProblem {
  readonly problem: string;
}

const commandLimitMs = 30_000;
const sizeLimit = 64 * 1024;

/** Where container engines put secrets: readable by all inside, because nobody else is there. */
const engineSecrets = "/run/secrets/";

/** Opens a secret. One line end at its end is dropped; what is left must be one line of text, not empty. */
export async function openSecret(
  setting: SecretSetting,
  around: SecretSurroundings,
): Promise<Secret | SecretProblem> {
  const found = await fetchSecret(setting, around);
  if (typeof found !== "string") return found;
  const value = around.isText ? found : found.replace(/\r?\n$/, "");
  if (value.trim() === "") return { problem: "empty; allowed: a secret of at least one character" };
  if (around.isText)
    return value.includes("\0") ? { problem: "not a text; allowed: lines of text" } : new Secret(value);
  if (/[\0\n\r]/.test(value)) return { problem: "more than one line; allowed: a single line of text" };
  return new Secret(value);
}

function fetchSecret(
  setting: SecretSetting,
  around: SecretSurroundings,
): Promise<string | SecretProblem> | string | SecretProblem {
  if (typeof setting === "string") return around.isConfigPrivate ? setting : literalInPublic;
  if (setting.env !== undefined) return around.env[setting.env] ?? unset(setting.env);
  if (setting.file !== undefined) return readSecretFile(resolve(around.directory, setting.file));
  return runSecretCommand(setting.command ?? [], around);
}

const literalInPublic: SecretProblem = {
  problem:
    "a secret in a file that every user can read; allowed: { env: NAME }, { file: PATH }, { command: [PROGRAM, …] }, or the text itself after chmod o-r of the config",
};

function unset(name: string): SecretProblem {
  return {
    problem: `the environment variable ${name}, which is not set; allowed: one that is (cron and systemd do not pass your shell's on)`,
  };
}

async function readSecretFile(path: string): Promise<string | SecretProblem> {
  try {
    const found = await stat(path);
    if (found.isFile() && (found.mode & 0o004) !== 0 && !path.startsWith(engineSecrets)) {
      return {
        problem: `the file "${path}", which every user can read; allowed: one that others cannot (chmod o-rwx)`,
      };
    }
    if (found.isFile() && found.size > sizeLimit)
      return { problem: `the file "${path}", which is too large for a secret; allowed: 64 KiB` };
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
  } catch (error) {
    const reason = error instanceof TypeError ? "not UTF-8" : (errnoOf(error) ?? messageOf(error));
    return {
      problem: `the file "${path}", which cannot be read (${reason}); allowed: a file that this user can read`,
    };
  }
}

async function runSecretCommand(
  argv: readonly string[],
  around: SecretSurroundings,
): Promise<string | SecretProblem> {
  const [program = "", ...args] = argv;
  try {
    const child = await startChild({
      program,
      args,
      env: definedOf(around.env),
      cwd: around.directory,
      stdout: "pipe",
    });
    let isLate = false;
    const cancel = around.clock.after(commandLimitMs, () => {
      isLate = true;
      child.kill();
    });
    const output = child.stdout ? readText(child.stdout) : "";
    const [value, end] = await Promise.all([output, child.ended]).finally(cancel);
    return succeeded(end) && !isLate ? value : { problem: describeFailed(program, end, isLate) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return {
      problem: `the command "${program}", which cannot be started (${error.context.errno ?? "unknown"}); allowed: a program on this host`,
    };
  }
}

/** Its stderr is left out: nobody knows what a password program prints there. */
function describeFailed(program: string, end: ChildEnd, isLate: boolean): string {
  const reason = isLate
    ? `took more than ${commandLimitMs / 1000} seconds`
    : `ended with ${describeEnd(end)}`;
  return `the command "${program}", which ${reason}; allowed: one that prints the secret and ends with exit status 0`;
}

function definedOf(env: SecretSurroundings["env"]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
