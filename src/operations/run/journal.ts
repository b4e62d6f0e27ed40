import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { messageOf } from "../../domain/failure.ts";
import { replaceFile } from "../../platform/files.ts";

const schema = z.object({
  version: z.literal(1),
  runId: z.string(),
  job: z.string(),
  database: z.string().nullable(),
  id: z.string(),
  /** Data files, by name. */
  files: z.array(z.string()),
  /** Where every file was staged, synced and read back, or may still come to be: name in the config and sentinel's id. */
  destinations: z.array(
    z.object({
      name: z.string(),
      id: z.string(),
      /** What must lie beside the backup there before its manifest does. */
      beside: z.array(z.object({ name: z.string(), text: z.string() })).default([]),
    }),
  ),
  manifestText: z.string(),
  ownHashText: z.string(),
  /** Written with the manifest's, so that a backup is finished with the same bytes, also where the key is gone by then. */
  signatureText: z.string().nullable().default(null),
});

/**
 * What a run is about to publish, written just before the first file gets its final name. While it exists,
 * the next run can finish what a dead one began.
 */
export type Journal = Readonly<z.infer<typeof schema>>;

/** Of journals, spools and proofs; what dead runs left there, the next one removes. */
export function workPath(statePath: string): string {
  return join(statePath, "work");
}

function journalPath(statePath: string, runId: string): string {
  return join(workPath(statePath), `${runId}.journal.json`);
}

/** Durable when it returns. */
export async function writeJournal(statePath: string, journal: Journal): Promise<void> {
  await mkdir(workPath(statePath), { recursive: true, mode: 0o700 });
  const path = journalPath(statePath, journal.runId);
  await replaceFile(path, Buffer.from(JSON.stringify(journal)), {
    mode: 0o600,
    owner: null,
    scratch: `${path}.new`,
  });
}

/** False is not told: removing one that is gone is fine. */
export async function removeJournal(statePath: string, runId: string): Promise<void> {
  await rm(journalPath(statePath, runId), { force: true });
}

export interface Journals {
  /** Oldest first. */
  readonly journals: readonly Journal[];
  /** A line for each that cannot be read: it keeps no run from being made. */
  readonly unreadable: readonly string[];
}

/** Every journal that stands, of any job. */
export async function readJournals(statePath: string): Promise<Journals> {
  await mkdir(workPath(statePath), { recursive: true, mode: 0o700 });
  const names = (await readdir(workPath(statePath))).filter((name) => name.endsWith(".journal.json")).sort();
  const read = await Promise.all(names.map((name) => readOne(join(workPath(statePath), name))));
  return {
    journals: read.filter((journal) => typeof journal !== "string"),
    unreadable: read.filter((line) => typeof line === "string"),
  };
}

async function readOne(path: string): Promise<Journal | string> {
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    return `cannot read the journal "${path}": ${messageOf(error)}; move it away and run codex-backup verify`;
  }
}
