import { describeTable, type Fingerprint } from "../../domain/backups/fingerprint.ts";
import type { CapsuleEntry } from "../../domain/backups/manifest.ts";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import { localSource, type PostgresSource } from "../../domain/jobs/source.ts";
import { formatStableJson } from "../../domain/json.ts";
import type { Context } from "../context.ts";

/** The clients that can read archives: the job's own, or whatever is on this machine when the job is gone. */
export function sourceOf(context: Context, job: string): PostgresSource {
  const found = context.jobs.find(
    (candidate): candidate is PostgresJob => candidate.name === job && candidate.kind === "postgres",
  );
  return found?.source ?? localSource;
}

/** What the dump at `path` holds otherwise than recorded; one line. */
export function differencesOfDump(path: string, recorded: Fingerprint, read: Fingerprint): readonly string[] {
  // Older manifests do not tell the schema by objects.
  const known = recorded.entries === undefined ? { ...read, entries: undefined } : read;
  if (formatStableJson(recorded) === formatStableJson(known)) return [];
  const inFile = new Map(read.tables.map((table) => [describeTable(table), table]));
  const tables = recorded.tables
    .filter((table) => inFile.get(describeTable(table))?.sha256 !== table.sha256)
    .map(describeTable);
  const what = tables.length > 0 ? `rows of ${tables.join(", ")}` : "schema, sequences or large objects";
  return [`"${path}" does not hold what its manifest says: ${what}`];
}

/** Whether a capsule holds exactly the entries recorded. */
export function sameEntries(recorded: readonly CapsuleEntry[], read: readonly CapsuleEntry[]): boolean {
  return formatStableJson(recorded) === formatStableJson(read);
}
