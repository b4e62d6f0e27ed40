import { createReadStream } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import type { CapsuleEntry } from "../../domain/manifest.ts";
import type { Context } from "../context.ts";
import { hashStream } from "../delivery/read-back.ts";
import { withLocalFile } from "../local-file.ts";
import type { CapsuleRestored } from "../operation.ts";
import type { ChosenCopy } from "./choose-copy.ts";

export interface CapsuleRestore {
  /** A copy at a destination, or a zip on this machine. */
  readonly from: ChosenCopy | { readonly path: string };
  /** Absolute directory. */
  readonly to: string;
  /** What the user typed as the directory that may be written over; null: it must be new or empty. */
  readonly overwrite: string | null;
  /** Paths inside; empty means all. */
  readonly only: readonly string[];
  /** Only reads the capsule and lists what would be written. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** Hash first, then every entry is decoded and compared before the first file is written. */
export async function restoreCapsule(context: Context, request: CapsuleRestore): Promise<CapsuleRestored> {
  const startedMs = context.clock.monotonicMs();
  if (request.overwrite !== null && request.overwrite !== request.to) {
    throw new Failure(
      "usage.refused",
      `Cannot overwrite: --overwrite says "${request.overwrite}", and the target is "${request.to}"`,
      {
        hint: "Type the target's own path after --overwrite.",
      },
    );
  }
  return withCapsule(context, request, async (path) => {
    const { signal } = request;
    const listed = await context.capsules.check(path, { signal });
    const isRestored = !request.dryRun;
    const entries = isRestored
      ? await extract(context, request, path)
      : listed.filter((entry) => isWanted(entry, request.only)).length;
    const durationMs = Math.round(context.clock.monotonicMs() - startedMs);
    return {
      kind: "capsule",
      from: nameOf(request.from),
      directory: request.to,
      entries,
      isRestored,
      durationMs,
    };
  });
}

function extract(
  context: Context,
  { to, overwrite, only, signal }: CapsuleRestore,
  path: string,
): Promise<number> {
  return context.capsules.extract(path, {
    target: to,
    overwrite: overwrite !== null,
    only,
    signal,
    onProgress: ({ doneBytes, totalBytes, current }) =>
      context.onProgress({ subject: to, step: "restore", doneBytes, totalBytes, current }),
  });
}

function isWanted(entry: CapsuleEntry, only: readonly string[]): boolean {
  return (
    only.length === 0 ||
    only.some((path) => entry.path === path || entry.path.startsWith(`${path.replace(/\/$/, "")}/`))
  );
}

async function withCapsule<T>(
  context: Context,
  { from, signal }: CapsuleRestore,
  use: (path: string) => Promise<T>,
): Promise<T> {
  if ("path" in from) return use(from.path);
  const { destination, stored } = from;
  const file = stored.manifest.files.find((candidate) => candidate.role === "capsule");
  if (!file) {
    throw new Failure(
      "postgres.restore-refused",
      `Cannot restore "${stored.manifest.id}" into a directory: it is a dump`,
      {
        hint: "Give --to the name of a new database.",
      },
    );
  }
  const place = {
    localPath: destination.localPath(file.path),
    open: () => destination.open(file.path),
    workPath: join(context.statePath, "work"),
  };
  return withLocalFile(place, async (path) => {
    const { sha256 } = await hashStream(
      createReadStream(path, { highWaterMark: 1024 * 1024 }),
      signal,
      () => {},
    );
    if (sha256 === file.sha256) return use(path);
    throw new Failure(
      "backup.mismatch",
      `Cannot restore "${file.path}": it has other bytes than when it was made`,
      {
        hint: 'Restore from another copy; "codex-backup verify" tells which copies are good.',
      },
    );
  });
}

function nameOf(from: CapsuleRestore["from"]): string {
  return "path" in from ? from.path : from.stored.manifest.id;
}
