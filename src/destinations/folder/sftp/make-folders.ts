import { posix } from "node:path";
import type { Stats } from "ssh2";
import { type SftpSession, statusOf } from "./session.ts";
import { status, translateStatus } from "./translate.ts";

/** Creates a folder and its parents for their owner alone; fine when they are there. */
export async function makeFolders(session: SftpSession, path: string, location: string): Promise<void> {
  if (path === "" || path === "." || path === "/") return;
  if (await isFolder(session, path)) return;
  await makeFolders(session, posix.dirname(path), location);
  try {
    await session.ask<unknown>((sftp, done) =>
      sftp.mkdir(path, { mode: 0o700 }, (error) => done(error, null)),
    );
  } catch (error) {
    if (await isFolder(session, path)) return; // somebody else made it meanwhile
    throw translateStatus(error, { verb: `create the folder "${path}" of`, path: location });
  }
}

async function isFolder(session: SftpSession, path: string): Promise<boolean> {
  try {
    const found = await session.ask<Stats>((sftp, done) => sftp.stat(path, done));
    return (found.mode & 0o170000) === 0o040000;
  } catch (error) {
    if (statusOf(error) === status.noSuchFile) return false;
    throw translateStatus(error, { verb: "look at", path });
  }
}
