import { chmod, chown, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { asFailure, errnoOf } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import { type FileLock, tryFileLock } from "../../platform/file-lock.ts";
import { createSystemHost } from "../../platform/host.ts";
import type { PostgresDeps } from "../access.ts";

/** A directory of one proof. While its lock is held, the proof lives; the kernel frees it with the process. */
export interface Workplace {
  readonly path: string;
  /** Of its name; unguessable. */
  readonly token: string;
  /** Removes it. May be called twice. */
  close(): Promise<void>;
  /** Frees its lock and leaves the rest to a later sweep. */
  leave(): void;
}

const prefix = "throwaway-";

/** Makes a directory below `workPath`, which is made too. Throws "platform.file" or "platform.lock". */
export async function openWorkplace(deps: PostgresDeps, workPath: string, label: string): Promise<Workplace> {
  const token = deps.newToken().toLowerCase().slice(0, 20);
  const path = join(workPath, `${prefix}${token}`);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw asFailure(error, "platform.file", `Cannot make a directory for the proof in "${workPath}"`);
  }
  const lock = lockPlace(path, { label, since: formatInstant(deps.clock.now()) });
  if (lock === null) throw asFailure(null, "platform.lock", `Cannot lock "${path}": somebody else holds it`);
  return placeOf({ path, token, lock });
}

/** The directories of proofs that have died, locked by us now. */
export async function abandonedWorkplaces(
  deps: PostgresDeps,
  workPath: string,
): Promise<readonly Workplace[]> {
  const names = await namesIn(workPath);
  return names.toSorted().flatMap((name) => {
    if (!/^throwaway-[a-z0-9]+$/.test(name)) return [];
    const path = join(workPath, name);
    const lock = lockPlace(path, { label: "sweep", since: formatInstant(deps.clock.now()) });
    return lock === null ? [] : [placeOf({ path, token: name.slice(prefix.length), lock })];
  });
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return []; // no proof was ever made
    throw error;
  }
}

/** Lets the group, and nobody else, walk through to what is inside. */
export async function admitGroup(place: Workplace, gid: number): Promise<void> {
  await chown(place.path, 0, gid);
  await chmod(place.path, 0o710);
}

/** Null: it is held. */
function lockPlace(
  path: string,
  { label, since }: { readonly label: string; readonly since: string },
): FileLock | null {
  const { name, bootId, pid } = createSystemHost();
  const attempt = tryFileLock(join(path, "lock"), { host: name, bootId, pid, runId: label, since });
  return attempt.kind === "held" ? attempt.lock : null;
}

function placeOf(parts: {
  readonly path: string;
  readonly token: string;
  readonly lock: FileLock;
}): Workplace {
  const { path, token, lock } = parts;
  return {
    path,
    token,
    async close() {
      // A server that is just ending may still write: tried again for some time.
      await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
      lock.release();
    },
    leave: () => lock.release(),
  };
}
