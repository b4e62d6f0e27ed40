import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import { configPathOfUnit, isOwnUnit } from "../domain/systemd/unit-command.ts";
import { makeDirectories, replaceFile } from "../platform/files.ts";
import { currentUser } from "../platform/owner.ts";

/** What lies at a path; null when nothing does. Throws "scheduler.unit". */
export async function readUnit(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw unitFailure("read", path, error);
  }
}

/**
 * The text of an installed file of this config; null when there is none. Throws "scheduler.foreign" for one
 * that somebody else wrote, or that belongs to another config.
 */
export async function readOwnUnit(path: string, configPath: string): Promise<string | null> {
  const text = await readUnit(path);
  if (text === null) return null;
  const owner = configPathOfUnit(text);
  if (owner === configPath) return text;
  const whose = isOwnUnit(text) ? `it belongs to the config "${owner ?? "?"}"` : "it was not written by us";
  const hint = isOwnUnit(text)
    ? `Remove it first: codex-backup --config ${owner ?? "FILE"} schedule uninstall`
    : `Take its lines over with "codex-backup schedule import ${path}", then move it away: mv ${path} /root/`;
  throw new Failure("scheduler.foreign", `Cannot write "${path}": ${whose}`, { hint });
}

/**
 * Writes a file as cron and systemd want it: 644, root's, in one step, read back. False when it was there
 * already with these bytes.
 */
export async function writeUnit(path: string, text: string): Promise<boolean> {
  const mode = 0o644;
  try {
    const isRoot = currentUser().uid === 0;
    const before = await stat(path).catch(() => null);
    const isRight = before !== null && (before.mode & 0o777) === mode && (!isRoot || before.uid === 0);
    if (isRight && (await readUnit(path)) === text) return false;
    const owner = isRoot ? { uid: 0, gid: 0 } : null;
    await makeDirectories(dirname(path), { mode: 0o755, owner });
    // cron reads every file of the directory whose name has no dot: the scratch file has one
    const scratch = join(dirname(path), `.${path.slice(path.lastIndexOf("/") + 1)}.new`);
    await replaceFile(path, Buffer.from(text), { mode, owner, scratch });
  } catch (error) {
    throw unitFailure("write", path, error);
  }
  if ((await readUnit(path)) !== text) throw unitFailure("write", path, "it reads back otherwise");
  return true;
}

/** The failure of doing something with a unit. */
export function unitFailure(doing: string, path: string, seen: unknown): Failure {
  if (seen instanceof Failure) return seen;
  const isDenied = ["EACCES", "EPERM", "EROFS"].includes(errnoOf(seen) ?? "");
  return new Failure("scheduler.unit", `Cannot ${doing} "${path}": ${messageOf(seen)}`, {
    hint: isDenied ? "Run it as root (sudo)." : "Look at the file and its directory, then run it again.",
    cause: seen,
  });
}
