import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  type AccessToken,
  parseTokens,
  type TokenFile,
  tokenText,
  withoutToken,
  withToken,
} from "../domain/access/access-token.ts";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import { formatInstant } from "../domain/instant.ts";
import type { Clock } from "../platform/clock.ts";
import { tryFileLock } from "../platform/file-lock.ts";
import { type FileRights, replaceFile } from "../platform/files.ts";
import type { Host } from "../platform/host.ts";
import { currentUser, mayGiveTo } from "../platform/owner.ts";
import { systemRandom } from "../platform/run-id.ts";

export interface TokenFileParts {
  readonly path: string;
  readonly statePath: string;
  readonly clock: Clock;
  readonly host: Host;
}

/** The file of hashed tokens. One change at a time, each a single replacement of the file. */
export function createTokenFile(parts: TokenFileParts): TokenFile {
  return {
    list: async () => parseTokens((await readTokens(parts.path)).text),
    async create({ name, scope }) {
      const text = tokenText(systemRandom(32));
      const token: AccessToken = { name, scope, sha256: sha256Of(text), createdAt: parts.clock.now() };
      await change(parts, (before) => withToken(before, token));
      return text;
    },
    revoke: (name) => change(parts, (before) => withoutToken(before, name)),
  };
}

/** Of a token's text, as the file has it. */
export function sha256Of(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

export interface TokensRead {
  readonly text: string;
  /** Changes with the content; null when there is no file. */
  readonly version: string | null;
  /** As they are; null when there is no file. */
  readonly rights: FileRights | null;
}

const limitBytes = 1024 * 1024;

/** No file is an empty one. Throws "http.tokens", also for a file into which others could write a token of theirs. */
export async function readTokens(path: string): Promise<TokensRead> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { mode, uid, gid, size, mtimeMs, ino } = await file.stat();
      if ((mode & constants.S_IFMT) !== constants.S_IFREG || size > limitBytes)
        throw refused(path, "it is no text file");
      if ((mode & 0o022) !== 0) throw refused(path, "others may write to it");
      const text = await file.readFile("utf8");
      return {
        text,
        version: `${ino} ${mtimeMs} ${size}`,
        rights: { mode: mode & 0o777, owner: { uid, gid } },
      };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (errnoOf(error) === "ENOENT") return { text: "", version: null, rights: null };
    throw refused(path, messageOf(error));
  }
}

function refused(path: string, seen: string): Failure {
  return new Failure("http.tokens", `Cannot use the tokens in "${path}": ${seen}`, {
    hint: `Let nobody else write to it: chmod 600 "${path}".`,
  });
}

async function change(parts: TokenFileParts, edit: (before: string) => string): Promise<void> {
  const { path, statePath } = parts;
  const locks = join(statePath, "locks");
  await mkdir(locks, { recursive: true, mode: 0o700 });
  // A job cannot be called so: names of jobs do not begin with a dot.
  const attempt = tryFileLock(join(locks, ".http-tokens.db"), describeUs(parts));
  if (attempt.kind === "busy") {
    throw new Failure("platform.lock", `Cannot change "${path}": another command is at it`, {
      hint: "Run it again.",
    });
  }
  try {
    const { text, rights: kept } = await readTokens(path);
    const rights = kept ?? (await rightsOfNew(statePath));
    const scratch = join(dirname(path), `.${basename(path)}.new`);
    await replaceFile(path, Buffer.from(edit(text)), { ...rights, scratch });
  } catch (error) {
    throw error instanceof Failure ? error : notWritten(path, error);
  } finally {
    attempt.lock.release();
  }
}

/** For the account of `serve`, which must read it and owns the state, also when root makes it. */
async function rightsOfNew(statePath: string): Promise<FileRights> {
  const { uid, gid } = await stat(statePath);
  return { mode: 0o600, owner: mayGiveTo(currentUser(), { uid, gid }) ? { uid, gid } : null };
}

function notWritten(path: string, error: unknown): Failure {
  return new Failure("platform.file", `Cannot write "${path}": ${messageOf(error)}`, {
    hint: "Run it as the user who owns the file and its directory.",
    cause: error,
  });
}

function describeUs({ clock, host }: TokenFileParts) {
  const since = formatInstant(clock.now());
  return { host: host.name, bootId: host.bootId, pid: host.pid, runId: "token", since };
}
