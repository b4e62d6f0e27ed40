import { stat, statfs } from "node:fs/promises";
import { errnoOf, Failure, messageOf } from "../../domain/failure.ts";
import type { FailureCode } from "../../domain/failure-table.ts";
import { currentUser } from "../../platform/owner.ts";

/** What was being done to what, for messages: ["write", "/backups/x.sql"]. */
export interface Attempt {
  readonly verb: string;
  readonly path: string;
  /** The destination's directory. */
  readonly directory: string;
}

/** A system error in the words of this room. Failures pass unchanged. */
export function translateError(thrown: unknown, attempt: Attempt): Failure {
  if (thrown instanceof Failure) return thrown;
  const errno = errnoOf(thrown);
  const known = errno === null ? undefined : meanings[errno];
  const seen = known?.seen ?? messageOf(thrown);
  const hint = known?.hint(attempt);
  return new Failure(known?.code ?? "destination.io", `Cannot ${attempt.verb} "${attempt.path}": ${seen}`, {
    hint: hint ?? "Look for disk errors in the kernel's log: dmesg | tail.",
    context: { errno },
    cause: thrown,
  });
}

/** As translateError, with what the directory shows: free bytes when it is full, mode and owner when it is closed. */
export async function translateWriteError(thrown: unknown, attempt: Attempt): Promise<Failure> {
  const failure = translateError(thrown, attempt);
  if (thrown instanceof Failure) return thrown;
  const context = await circumstances(failure.code, attempt.directory);
  if (context === null) return failure;
  const seen = Object.entries(context).map(([what, value]) => `${what} ${value}`);
  return new Failure(failure.code, `${failure.message} (${seen.join(", ")})`, {
    hint: failure.hint ?? "",
    context: { ...failure.context, ...context },
    cause: thrown,
  });
}

/** Null when there is nothing to add; whatever cannot be found out is left out, because an error is being told already. */
async function circumstances(
  code: FailureCode,
  directory: string,
): Promise<Readonly<Record<string, string | number>> | null> {
  try {
    if (code === "destination.full") {
      const { bavail, bsize } = await statfs(directory);
      return { "free bytes": bavail * bsize };
    }
    if (code !== "destination.not-writable") return null;
    const { mode, uid, gid } = await stat(directory);
    const shown = (mode & 0o7777).toString(8).padStart(4, "0");
    return {
      "directory mode": shown,
      "owner uid": uid,
      "group gid": gid,
      "this runs as uid": currentUser().uid,
    };
  } catch {
    return null; // see above
  }
}

/** Runs a step and translates what it throws. */
export async function translating<T>(attempt: Attempt, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw await translateWriteError(error, attempt);
  }
}

interface Meaning {
  readonly code: FailureCode;
  readonly seen: string;
  hint(attempt: Attempt): string;
}

const full = (seen: string): Meaning => ({
  code: "destination.full",
  seen,
  hint: (attempt) =>
    `Free space: df -h "${attempt.directory}"; then prune, or enlarge the disk or the quota.`,
});

const denied: Meaning = {
  code: "destination.not-writable",
  seen: "permission denied",
  hint(attempt) {
    const { uid, gid } = currentUser();
    return `Give the directory to the user that runs this (uid ${uid}): sudo chown ${uid}:${gid} "${attempt.directory}" && sudo chmod u+rwx "${attempt.directory}".`;
  },
};

const meanings: Readonly<Record<string, Meaning>> = {
  ENOSPC: full("the disk is full"),
  EDQUOT: full("the quota is used up"),
  EFBIG: {
    code: "destination.io",
    seen: "this file system cannot hold a file so large",
    hint: () => "Move the destination to another file system (vfat ends at 4 GiB), or compress.",
  },
  EACCES: denied,
  EPERM: { ...denied, seen: "operation not permitted" },
  EROFS: {
    code: "destination.not-writable",
    seen: "the file system is mounted read-only",
    hint: (attempt) =>
      `See why in the kernel's log, then: sudo mount -o remount,rw "$(findmnt -no TARGET -T "${attempt.directory}")".`,
  },
  EIO: {
    code: "destination.io",
    seen: "input/output error from the medium",
    hint: () => "Look at dmesg and smartctl; do not trust this disk with the only copy.",
  },
  ESTALE: {
    code: "destination.io",
    seen: "the network share has gone stale",
    hint: (attempt) => `Mount it again: umount -l and mount "${attempt.directory}".`,
  },
};
