import type { CopyReport } from "../../domain/runs/run-report.ts";
import type { Context } from "../context.ts";
import { putBackup } from "../put-backup.ts";
import type { Sealed } from "./seal.ts";

/** Tells the catalog of a backup that now exists. */
export function recordBackup({ catalog }: Context, sealed: Sealed): void {
  const { manifest } = sealed;
  catalog.atomically(() => {
    putBackup(catalog, sealed);
    catalog.clearPruned(manifest.job, manifest.database, manifest.pruned);
  });
}

interface GoodCopy extends Pick<CopyReport, "destination" | "level" | "readBack"> {
  readonly destinationId: string;
}

/** Tells the catalog of one good copy. */
export function recordCopy({ catalog, clock }: Context, { manifest }: Sealed, copy: GoodCopy): void {
  catalog.putCopy({
    job: manifest.job,
    backupId: manifest.id,
    destination: copy.destination,
    destinationId: copy.destinationId,
    state: "whole",
    level: copy.level,
    readBack: copy.readBack,
    checkedAt: clock.now(),
    failure: null,
  });
}
