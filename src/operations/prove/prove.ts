import type { BackupRow } from "../../catalog/catalog.ts";
import type { ProofReport } from "../../domain/proofs/proof-report.ts";
import { tellProved } from "../alerts/notices.ts";
import type { Context } from "../context.ts";
import type { ProveOptions } from "../operation.ts";
import { chooseBackups } from "./choose-backups.ts";
import { underProofLock } from "./proof-lock.ts";
import { proveBackup } from "./prove-backup.ts";

/**
 * Proves backups, one at a time on this host. Of each: a copy is chosen and its stored bytes are hashed against the
 * manifest; it is restored into a throwaway server (a capsule: extracted to a scratch directory); what that dumps
 * back is compared with what was recorded, then the job's assertions are asked; the receipt is laid beside the copy
 * and the catalog told; everything that was made is removed, whatever happened. What dead proofs left goes first.
 */
export async function prove(context: Context, options: ProveOptions): Promise<readonly ProofReport[]> {
  const chosen = chooseBackups(context, options);
  return underProofLock(context, options, () => proveEach(context, chosen, options));
}

async function proveEach(
  context: Context,
  chosen: readonly BackupRow[],
  options: ProveOptions,
): Promise<readonly ProofReport[]> {
  const { destination, identityFile, server, signal, onProof } = options;
  const reports: ProofReport[] = [];
  for (const row of chosen) {
    signal.throwIfAborted();
    const proof = await proveBackup(context, { row, destination, identityFile, server, signal });
    const report = tellProved(context, proof);
    onProof?.(report);
    reports.push(report);
  }
  return reports;
}
