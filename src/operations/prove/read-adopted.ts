import { pipeline, Transform } from "node:stream";
import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import { factsOfHead } from "../../domain/proofs/adopted-facts.ts";
import type { Context } from "../context.ts";
import type { DumpSource } from "../restore/dump-source.ts";
import { sourceOf } from "../verify/compare-content.ts";
import type { OpenedBackup } from "./opened-backup.ts";
import type { Recorded } from "./recorded.ts";

const headBytes = 8192;

/**
 * What an adopted dump says of itself, read from its own bytes: nobody recorded anything when it was made. A proof then
 * says that the file restores to what is in it, and nothing of the database that it was taken from.
 */
export async function readAdopted(
  context: Context,
  { manifest, signal }: OpenedBackup,
  dump: DumpSource,
): Promise<Recorded> {
  const stream = await dump.openDump();
  const source = sourceOf(context, manifest.job);
  const options = { label: "codex-backup-read", signal };
  const text = dump.format === "sql" ? stream : await context.postgres.archiveText(source, stream, options);
  const told = tellFrom();
  // Whoever reads `through` hears of every error there; the callback only keeps it from being thrown twice.
  pipeline(text, told.through, () => undefined);
  const { fingerprint } = await context.postgres.readDump(told.through, { signal });
  const server = factsOfHead(told.head());
  if (server === null) throw unknownVersion(manifest.id);
  const facts: PostgresFacts = { ...unknownFacts, ...server, format: dump.format, fingerprint };
  const reason = "made before us: it is compared with what the dump itself says";
  return { facts, unproven: [{ object: "what the database held", reason }] };
}

interface Told {
  readonly through: Transform;
  /** The first lines. */
  head(): string;
}

/** Passes a dump's text on, and remembers what it says of the server that it needs. */
function tellFrom(): Told {
  let head = Buffer.alloc(0);
  const through = new Transform({
    highWaterMark: 1024 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      if (head.length < headBytes) head = Buffer.concat([head, chunk]);
      done(null, chunk);
    },
  });
  return { through, head: () => head.toString("utf8") };
}

const unknownFacts = {
  systemIdentifier: "unknown",
  databaseSizeBytes: 0,
  roles: [],
  extensions: [],
  collations: [],
  snapshot: { name: "unknown", lsn: "unknown", xmin: "unknown", takenAt: "unknown" },
  leftOut: [],
} as const;

function unknownVersion(id: string): Failure {
  return new Failure(
    "postgres.throwaway",
    `Cannot prove "${id}": the dump does not say which version of PostgreSQL it was taken from`,
    { hint: "Restore it by hand into a new database, with codex-backup restore." },
  );
}
