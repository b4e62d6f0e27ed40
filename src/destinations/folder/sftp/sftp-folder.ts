import { posix } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Attributes, FileEntry, Stats } from "ssh2";
import { Failure } from "../../../domain/failure.ts";
import type { ByteRange } from "../../destination.ts";
import type { RemoteDeps } from "../../remote-deps.ts";
import { existsFailure } from "../move-into-place.ts";
import type { FolderEntry, RemoteFolder } from "../remote-folder.ts";
import { createConnection, type SftpConnection } from "./connection.ts";
import { makeFolders } from "./make-folders.ts";
import { type Request, type SftpSession, statusOf } from "./session.ts";
import { locationOf, type SftpSettings } from "./settings.ts";
import { type Attempt, status, translateStatus } from "./translate.ts";
import { createWindowReader } from "./window-reader.ts";
import { createWindowWriter } from "./window-writer.ts";

const privateMode = { mode: 0o600 };
/** A disk with less than this is full for us: a write that fails then needs no other reason. */
const nothingLeftBytes = 1024 * 1024;

/** What the parts of this driver share. */
interface SftpParts {
  readonly settings: SftpSettings;
  readonly location: string;
  readonly connection: SftpConnection;
}

/**
 * The SFTP protocol's third version. Its rename refuses a name that is taken (OpenSSH links, then unlinks), which is
 * why posix-rename, which overwrites, is never asked for.
 */
export function createSftpFolder(settings: SftpSettings, deps: RemoteDeps): RemoteFolder {
  const connection = createConnection(settings, deps);
  const parts: SftpParts = { settings, location: locationOf(settings), connection };
  return {
    isAtomic: true,
    makeFolder: async () => makeFolders(await connection.session(), settings.path, parts.location),
    write: (name) => write(parts, name),
    rename: (from, to) => rename(parts, from, to),
    stat: (name) => stat(parts, name),
    read: (name, range) => read(parts, name, range),
    list: () => list(parts),
    remove: (name) => remove(parts, name),
    space: async () => spaceOf(await connection.session(), settings.path),
    close: () => connection.close(),
  };
}

function pathOf({ settings }: SftpParts, name: string): string {
  return posix.join(settings.path === "" ? "." : settings.path, name);
}

function attemptOf({ location }: SftpParts, verb: string, name: string): Attempt {
  return { verb, path: `${location.replace(/\/$/, "")}/${name}` };
}

async function ask<T>(parts: SftpParts, attempt: Attempt, request: Request<T>): Promise<T> {
  const session = await parts.connection.session();
  try {
    return await session.ask(request);
  } catch (error) {
    throw translateStatus(error, attempt);
  }
}

async function write(parts: SftpParts, name: string): Promise<Writable> {
  const attempt = attemptOf(parts, "write", name);
  const session = await parts.connection.session();
  const path = pathOf(parts, name);
  try {
    const handle = await session.ask<Buffer>((sftp, done) => sftp.open(path, "w", privateMode, done));
    return createWindowWriter({ session, handle, translate: (error) => writeFailure(parts, attempt, error) });
  } catch (error) {
    // The folder is what lacks: a file that is to be made cannot.
    throw statusOf(error) === status.noSuchFile ? missing(parts) : await writeFailure(parts, attempt, error);
  }
}

/** The protocol has no word for a full disk; the free space tells. */
async function writeFailure(parts: SftpParts, attempt: Attempt, thrown: unknown): Promise<Failure> {
  const failure = translateStatus(thrown, attempt);
  if (statusOf(thrown) !== status.failure) return failure;
  const session = await parts.connection.session().catch(() => null);
  const space = session && (await spaceOf(session, parts.settings.path).catch(() => null));
  if (!space || space.freeBytes >= nothingLeftBytes) return failure;
  return new Failure(
    "destination.full",
    `Cannot write "${attempt.path}": the disk is full (free bytes ${space.freeBytes})`,
    { hint: "Free space on that server: prune, or enlarge its disk or quota.", cause: thrown },
  );
}

async function rename(parts: SftpParts, from: string, to: string): Promise<void> {
  const session = await parts.connection.session();
  try {
    await session.ask<unknown>((sftp, done) =>
      sftp.rename(pathOf(parts, from), pathOf(parts, to), (error) => done(error, null)),
    );
  } catch (error) {
    // "Failure" is all that the protocol says of a name that is taken.
    if (statusOf(error) === status.failure && (await stat(parts, to)) !== null)
      throw existsFailure(attemptOf(parts, "publish", to).path, error);
    throw translateStatus(error, attemptOf(parts, "publish", to));
  }
}

/** A link is told as a link: it is nothing that we stored. */
async function stat(parts: SftpParts, name: string): Promise<FolderEntry | null> {
  const session = await parts.connection.session();
  try {
    const found = await session.ask<Stats>((sftp, done) => sftp.lstat(pathOf(parts, name), done));
    return entryOf(name, found);
  } catch (error) {
    if (statusOf(error) === status.noSuchFile) return null;
    throw translateStatus(error, attemptOf(parts, "look at", name));
  }
}

async function read(parts: SftpParts, name: string, range: ByteRange | null): Promise<Readable> {
  const attempt = attemptOf(parts, "read", name);
  const session = await parts.connection.session();
  const translate = (error: unknown) => translateStatus(error, attempt);
  try {
    const handle = await session.ask<Buffer>((sftp, done) => sftp.open(pathOf(parts, name), "r", done));
    const { size } = await session.ask<Stats>((sftp, done) => sftp.fstat(handle, done));
    const start = Math.min(range?.start ?? 0, size);
    const end = range === null ? size : Math.min(size, start + range.length);
    return createWindowReader({ session, handle, start, end, path: attempt.path, translate });
  } catch (error) {
    throw translate(error);
  }
}

async function list(parts: SftpParts): Promise<readonly FolderEntry[]> {
  const session = await parts.connection.session();
  try {
    const path = parts.settings.path === "" ? "." : parts.settings.path;
    const found = await session.ask<readonly FileEntry[]>((sftp, done) => sftp.readdir(path, done));
    return found.map(({ filename, attrs }) => entryOf(filename, attrs));
  } catch (error) {
    if (statusOf(error) === status.noSuchFile) throw missing(parts);
    throw translateStatus(error, { verb: "list", path: parts.location });
  }
}

function missing({ settings, location }: SftpParts): Failure {
  return new Failure("destination.missing", `Cannot use "${location}": there is no such folder`, {
    hint: `See whether the path is right; else create it: codex-backup destination init ${settings.name}.`,
  });
}

/** "retained": the server denies it. */
async function remove(parts: SftpParts, name: string): Promise<"removed" | "gone" | "retained"> {
  try {
    const attempt = attemptOf(parts, "remove", name);
    await ask<unknown>(parts, attempt, (sftp, done) =>
      sftp.unlink(pathOf(parts, name), (error) => done(error, null)),
    );
    return "removed";
  } catch (error) {
    if (error instanceof Failure && error.code === "destination.not-found") return "gone";
    if (error instanceof Failure && statusOf(error.cause) === status.permissionDenied) return "retained";
    throw error;
  }
}

/** Null where the server does not tell. */
async function spaceOf(
  session: SftpSession,
  path: string,
): Promise<{ readonly freeBytes: number; readonly totalBytes: number } | null> {
  const told = await session.ask<unknown>((sftp, done) => {
    try {
      sftp.ext_openssh_statvfs(path === "" ? "." : path, (error, found) => done(null, error ? null : found));
    } catch {
      done(null, null); // the library throws at once where the server does not offer it
    }
  });
  const { f_frsize: blockBytes, f_bavail: free, f_blocks: total } = Object(told);
  const isTold = [blockBytes, free, total].every((one) => typeof one === "number");
  return isTold ? { freeBytes: blockBytes * free, totalBytes: blockBytes * total } : null;
}

/** The protocol's times are whole seconds. */
function entryOf(name: string, { mode, size, mtime }: Attributes): FolderEntry {
  return { name, sizeBytes: size, modifiedMs: mtime * 1000, isFile: (mode & 0o170000) === 0o100000 };
}
