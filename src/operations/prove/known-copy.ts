import type { BackupRow, CopyRow } from "../../catalog/catalog.ts";
import { Failure } from "../../domain/failure.ts";
import type { Context } from "../context.ts";

/** A copy as the catalog knows it now; null when it was removed, or is being removed. */
export function knownCopy(
  { catalog }: Pick<Context, "catalog">,
  { job, id }: Pick<BackupRow, "job" | "id">,
  destination: string,
): CopyRow | null {
  const copies = catalog.backup(job, id)?.copies ?? [];
  const copy = copies.find((candidate) => candidate.destination === destination);
  return copy === undefined || copy.state === "removing" ? null : copy;
}

/** Whether every copy that there was of a backup was removed since, or is being removed. */
export function isPruned(context: Pick<Context, "catalog">, row: BackupRow): boolean {
  return row.copies.every(({ destination }) => knownCopy(context, row, destination) === null);
}

/** What a proof of it then comes to: policy has removed it, and nothing is said against it. */
export function prunedFailure(id: string): Failure {
  return new Failure("proof.nothing", `Cannot prove "${id}": it was removed while it was being proven`, {
    hint: "Prove another backup; codex-backup list shows what there is.",
  });
}
