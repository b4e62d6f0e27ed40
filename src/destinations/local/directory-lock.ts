import { chown } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, Failure } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import { sleep } from "../../platform/clock.ts";
import { type FileLock, type LockHolder, tryFileLock } from "../../platform/file-lock.ts";
import { createExclusively } from "../../platform/files.ts";
import { lockName } from "../names.ts";
import type { LocalParts } from "./settings.ts";
import { translating } from "./translate.ts";

const retryMs = 100;
/** Together 30 s. Whoever holds the lock only replaces one small file. */
const retries = 300;

/** Does `work` under the directory's lock. Throws "platform.lock" when somebody else holds it for 30 s. */
export async function withDirectoryLock<T>(parts: LocalParts, work: () => Promise<T>): Promise<T> {
  const path = join(parts.settings.path, lockName);
  const attempt = { verb: "lock", path, directory: parts.settings.path };
  await translating(attempt, () => createLockFiles(parts, path));
  const lock = await waitForLock(parts, path);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

async function waitForLock(parts: LocalParts, path: string): Promise<FileLock> {
  let holder: LockHolder | null = null;
  for (let attempt = 0; attempt < retries; attempt++) {
    if (attempt > 0) await sleep(parts.deps.clock, retryMs);
    const found = tryFileLock(path, describeUs(parts));
    if (found.kind === "held") return found.lock;
    holder = found.holder;
  }
  const who =
    holder === null ? "another process" : `pid ${holder.pid} on ${holder.host} since ${holder.since}`;
  throw new Failure("platform.lock", `Cannot lock "${path}": ${who} holds it`, {
    hint: "Wait for it to end, or look whether it hangs.",
  });
}

function describeUs(parts: LocalParts): LockHolder {
  const { host, clock } = parts.deps;
  return {
    host: host.name,
    bootId: host.bootId,
    pid: host.pid,
    runId: "checksums",
    since: formatInstant(clock.now()),
  };
}

/**
 * Creates the lock's files with the directory's owner, so that root and the operators' user can both lock.
 * Never opens an existing one: closing any descriptor of it would free a lock that this process holds.
 */
async function createLockFiles(parts: LocalParts, path: string): Promise<void> {
  const { file } = await parts.rights();
  for (const each of [path, `${path}.holder`]) {
    try {
      await (await createExclusively(each)).close();
    } catch (error) {
      if (errnoOf(error) === "EEXIST") continue;
      throw error;
    }
    if (file.owner !== null) await chown(each, file.owner.uid, file.owner.gid);
  }
}
