import type { TroubleRow } from "../../catalog/catalog.ts";
import { messageOf } from "../../domain/failure.ts";
import type { RunPruning } from "../../domain/runs/run-report.ts";
import type { Context } from "../context.ts";

type Parts = Pick<Context, "catalog" | "clock" | "log">;

interface Pruned {
  readonly job: string;
  readonly database: string | null;
  /** Null: nothing was to be pruned. */
  readonly pruned: Pick<RunPruning, "refusedAt" | "failures"> | null;
}

/** A pruning that is refused or fails stays told until one goes through. Never throws: the backup stands. */
export function notePruning({ catalog, clock, log }: Parts, { job, database, pruned }: Pruned): void {
  const basis = { kind: "pruning", job, database, backupId: "", file: "", at: clock.now() } as const;
  const refused = (pruned?.refusedAt ?? []).map((destination): TroubleRow => {
    return { ...basis, destination, text: "more than half would go at once" };
  });
  const [failure] = pruned?.failures ?? [];
  const failed = failure === undefined ? [] : [{ ...basis, destination: "", text: failure.message }];
  const now = [...refused, ...failed];
  try {
    catalog.atomically(() => {
      for (const row of catalog.troubles(job, database)) {
        const isOver = row.kind === "pruning" && !now.some((one) => one.destination === row.destination);
        if (isOver) catalog.endTrouble(row);
      }
      for (const row of now) catalog.putTrouble(row);
    });
  } catch (error) {
    log.warn({ job, error: messageOf(error) }, "cannot note what became of pruning");
  }
}
