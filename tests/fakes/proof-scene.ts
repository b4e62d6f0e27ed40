import assert from "node:assert/strict";
import type { PostgresJob } from "../../src/domain/jobs/job.ts";
import { parseProofReceipt } from "../../src/domain/proofs/proof-receipt.ts";
import type { ProofReport } from "../../src/domain/proofs/proof-report.ts";
import type { ProveOptions } from "../../src/operations/operation.ts";
import { prove } from "../../src/operations/prove/prove.ts";
import { backUp, type MemoryScene, namesOf, noSignal, openMemoryScene, storeOf } from "./memory-scene.ts";
import { type PlainThrowawayOptions, type PlainThrowaways, withPlainThrowaways } from "./plain-throwaway.ts";
import { localSource, postgresJob } from "./real-context.ts";

export interface DumpScene extends MemoryScene {
  readonly id: string;
  readonly counts: PlainThrowaways["counts"];
}

/** One backup of one table with two rows. */
export async function openDumpScene(
  options: PlainThrowawayOptions = {},
  given: Partial<PostgresJob> = {},
  destinations: readonly string[] = ["replays"],
): Promise<DumpScene> {
  const source = localSource({ socketDirectory: "/nowhere", port: 5432, user: "codex" });
  const job = postgresJob(source, { to: destinations, ...given });
  const scene = await openMemoryScene({ jobs: () => [job], destinations });
  const { context, counts } = withPlainThrowaways(scene.context, options);
  const dumps = { ...scene, context };
  const [id] = await backUp(dumps);
  return { ...dumps, id, counts };
}

/** Proves a minute later: every good backup, unless the changes say otherwise. */
export async function proveAll(
  scene: MemoryScene,
  changes: Partial<ProveOptions> = {},
): Promise<readonly ProofReport[]> {
  scene.advance(60_000);
  return prove(scene.context, {
    ...{ backups: [], job: null, latest: false, all: true, destination: null },
    ...{ identityFile: null, server: null, waitMs: 0, signal: noSignal, ...changes },
  });
}

/** The same of what must be one backup. */
export async function proveOne(
  scene: MemoryScene,
  changes: Partial<ProveOptions> = {},
): Promise<ProofReport> {
  const [report, second] = await proveAll(scene, changes);
  assert.ok(report);
  assert.equal(second, undefined);
  return report;
}

/** The receipts of proofs that lie at a destination. */
export function receiptsOf(scene: MemoryScene, store = "replays") {
  return namesOf(storeOf(scene, store), ".proof-").map((name) =>
    parseProofReceipt(storeOf(scene, store).files.get(name)?.bytes.toString() ?? ""),
  );
}
