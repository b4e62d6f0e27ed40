import type { Destination, DestinationFacts } from "../../destinations/destination.ts";
import { asFailure, Failure, reportOf } from "../../domain/failure.ts";
import { describeSize } from "../../domain/plain-words.ts";
import type { CopyReport } from "../../domain/runs/run-report.ts";
import { type Context, destinationNamed } from "../context.ts";
import type { ReadyDestination } from "../delivery/delivery.ts";
import { noCopiesLeft } from "../delivery/no-copies.ts";
import { noteLook } from "../note-look.ts";

export interface Readiness {
  readonly ready: readonly ReadyDestination[];
  /** Destinations that cannot take part, each with its reason. */
  readonly refused: readonly CopyReport[];
  readonly warnings: readonly string[];
  /** Names that stand at any of those that are ready. */
  readonly taken: ReadonlySet<string>;
}

/** Never fill a disk to the last block: other programs, and the next manifest, need room. */
const reserveBytes = 16 * 1024 * 1024;

/** Asks every destination whether it can take `needBytes`, and for the names it has. Throws when none can. */
export async function readyDestinations(
  context: Context,
  names: readonly string[],
  needBytes: number | null,
): Promise<Readiness> {
  const asked = await Promise.all(names.map((name) => askOne(context, name, needBytes)));
  const failures = asked
    .map((answer) => ("failure" in answer ? answer.failure : null))
    .filter((f) => f !== null);
  if (failures.length === names.length) throw noCopiesLeft(failures);
  return {
    ready: asked.flatMap((answer) => ("failure" in answer ? [] : [answer.ready])),
    refused: asked.flatMap((answer) => ("failure" in answer ? [answer.report] : [])),
    warnings: asked.flatMap((answer) => ("failure" in answer ? [] : answer.warnings)),
    taken: new Set(asked.flatMap((answer) => ("failure" in answer ? [] : answer.names))),
  };
}

type Answer =
  | {
      readonly ready: ReadyDestination;
      readonly warnings: readonly string[];
      readonly names: readonly string[];
    }
  | { readonly failure: Failure; readonly report: CopyReport };

/** A destination as it is now. Throws when it cannot be written to, or is another one than the copies were put on. */
export async function readyDestination(
  context: Context,
  name: string,
): Promise<DestinationFacts & { readonly destination: Destination }> {
  const destination = destinationNamed(context, name);
  const facts = await destination.ready();
  demandSamePlace(context, destination, facts.id);
  noteLook(context, destination, facts);
  return { destination, ...facts };
}

/** Throws "destination.full" when so much and a reserve do not fit; what nobody knows fits. */
export function demandSpace(
  { name, location }: Destination,
  { needBytes, freeBytes }: { readonly needBytes: number | null; readonly freeBytes: number | null },
): void {
  if (needBytes === null || freeBytes === null || freeBytes >= needBytes + reserveBytes) return;
  throw new Failure(
    "destination.full",
    `Cannot back up to "${name}" (${location}): it needs about ${describeSize(needBytes)} and a reserve of ${describeSize(reserveBytes)}, and ${describeSize(freeBytes)} are free`,
    {
      hint: `Free space there ("codex-backup prune --dry-run" shows what policy would remove), or move the destination.`,
    },
  );
}

async function askOne(context: Context, name: string, needBytes: number | null): Promise<Answer> {
  const destination = destinationNamed(context, name);
  try {
    const facts = await readyDestination(context, name);
    demandSpace(destination, { needBytes, freeBytes: facts.freeBytes });
    const names = await namesAt(destination);
    return { ready: { destination, id: facts.id }, warnings: facts.warnings, names };
  } catch (error) {
    const failure = asFailure(error, "destination.io", `Cannot use destination "${name}"`);
    const { location } = destination;
    const report = {
      destination: name,
      location,
      level: "unknown",
      readBack: null,
      late: false,
      failure: reportOf(failure),
    } as const;
    return { failure, report };
  }
}

/**
 * What stands there, and what its checksums.txt still speaks of: a name whose file was removed by hand is not
 * used again for other bytes, its entry would call them damaged.
 */
async function namesAt(destination: Destination): Promise<readonly string[]> {
  const files = await destination.list();
  // A checksums.txt that cannot be read is the checksums job's finding; it keeps no backup from being made.
  const entries = (await destination.checksums?.entries().catch(() => [])) ?? [];
  return [...files.map((file) => file.name), ...entries.map((line) => line.path)];
}

/** Another sentinel than our backups there had means another disk: writing to it would scatter the backups. */
function demandSamePlace({ catalog }: Context, { name, location }: Destination, id: string): void {
  const known = catalog.destinationIds(name);
  if (known.length === 0 || known.includes(id)) return;
  throw new Failure(
    "destination.sentinel-foreign",
    `Cannot back up to "${name}": ${location} now has the sentinel ${id}, and its backups lie at ${known.join(", ")}`,
    { hint: "Mount the right share; if it was replaced on purpose, run codex-backup catalog rebuild." },
  );
}

/**
 * How much a backup may take: by the size of the last one with a fifth on top, or of the source (a dump
 * without indexes is smaller than its database; compressed, at most about half of that).
 */
export function estimateNeed(
  lastSizeBytes: number | null,
  sourceBytes: number | null,
  isCompressed: boolean,
): number | null {
  if (lastSizeBytes !== null) return Math.ceil(lastSizeBytes * 1.2);
  if (sourceBytes === null) return null;
  return isCompressed ? Math.ceil(sourceBytes / 2) : sourceBytes;
}
