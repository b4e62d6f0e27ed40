import { Failure } from "../../domain/failure.ts";
import type { Secret } from "../../domain/secret.ts";
import { type Child, succeeded } from "../../platform/child.ts";
import type { ProgramCall } from "./call.ts";
import { finish, lastWords } from "./finished.ts";

export type StartProgram = (call: ProgramCall) => Promise<Child>;

/** The one line of a password file that fits every server: colons and backslashes escaped. */
export function formatPassfile(password: Secret): string {
  return `*:*:*:*:${password.reveal().replace(/[\\:]/g, "\\$&")}\n`;
}

/**
 * Writes the password into a file on the far side and returns its path. `mktemp` makes it with mode 0600 and
 * a name nobody can guess, `dd` fills it from stdin: no shell, no moment in which others can read it, no
 * password in an argv. Throws "postgres.transport".
 */
export async function writePassfile(
  start: StartProgram,
  password: Secret,
  signal: AbortSignal,
): Promise<string> {
  const named = await finish(
    await start({ program: "mktemp", args: ["/tmp/.codex-backup-XXXXXXXXXX"], stdout: "pipe", login: false }),
    signal,
  );
  const path = named.stdout.toString("utf8").trim();
  if (!succeeded(named.end) || !path.startsWith("/tmp/.codex-backup-"))
    throw cannotWrite(lastWords(named.end));
  const child = await start({
    program: "dd",
    args: [`of=${path}`],
    stdin: "pipe",
    stdout: "pipe",
    login: false,
  });
  child.stdin?.end(formatPassfile(password));
  const filled = await finish(child, signal);
  if (succeeded(filled.end)) return path;
  await removePassfile(start, path);
  throw cannotWrite(lastWords(filled.end));
}

/** Never throws for a file that is gone; the far side may be gone too. */
export async function removePassfile(start: StartProgram, path: string): Promise<boolean> {
  const child = await start({ program: "rm", args: ["-f", path], stdout: "none", login: false });
  return succeeded(await child.ended);
}

function cannotWrite(seen: string): Failure {
  return new Failure("postgres.transport", `Cannot write a password file on the server's side: ${seen}`, {
    hint: "Check that mktemp and dd are there and that /tmp can be written.",
  });
}
