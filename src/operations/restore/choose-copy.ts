import type { BackupRow } from "../../catalog/catalog.ts";
import type { Destination } from "../../destinations/destination.ts";
import { asFailure, Failure, messageOf } from "../../domain/failure.ts";
import { rankOf } from "../../domain/level.ts";
import type { Context } from "../context.ts";
import { readStoredBackup, type StoredBackup } from "../stored-backup.ts";

export interface ChosenCopy {
  readonly destination: Destination;
  readonly stored: StoredBackup;
}

/**
 * The copy to restore from: whole ones before doubtful ones, the best checked first; of equals, one on
 * this machine. Throws naming what is wrong with each when none can be used: as the first of them, when all that is
 * wrong is that their destinations are away, or that `demand` refuses them with "backup.mismatch".
 */
export async function chooseCopy(
  context: Context,
  backup: BackupRow,
  demand: (copy: ChosenCopy) => Promise<void> = async () => undefined,
): Promise<ChosenCopy> {
  const reasons: string[] = [];
  const denied: Failure[] = [];
  const away: Failure[] = [];
  for (const copy of [...backup.copies].sort(byPreference)) {
    const destination = context.destinations.get(copy.destination);
    if (!destination) {
      reasons.push(`"${copy.destination}" is no longer in the config`);
      continue;
    }
    try {
      const found = { destination, stored: await readStoredBackup(destination, backup.id) };
      await demand(found);
      return found;
    } catch (error) {
      if (error instanceof Failure && error.code === "backup.mismatch") denied.push(error);
      const failure = await awayFailure(destination);
      if (failure !== null) away.push(failure);
      reasons.push(messageOf(failure ?? error));
    }
  }
  const [refused] = denied;
  if (refused !== undefined && denied.length === reasons.length) throw refused;
  const [first] = away;
  throw new Failure(
    first !== undefined && away.length === reasons.length ? first.code : "backup.missing-file",
    `Cannot read any copy of "${backup.id}": ${reasons.join("; ") || "the catalog knows none"}`,
    {
      hint: "Mount or mend one of its destinations, or restore the bare file: codex-backup restore FILE --to NAME.",
    },
  );
}

/** Why nothing can be said of what lies there; null: it is the destination that the config means. */
async function awayFailure(destination: Destination): Promise<Failure | null> {
  try {
    await destination.look();
    return null;
  } catch (error) {
    return asFailure(error, "destination.io", `Cannot look at "${destination.name}"`);
  }
}

function byPreference(a: BackupRow["copies"][number], b: BackupRow["copies"][number]): number {
  const whole = Number(b.state === "whole") - Number(a.state === "whole");
  return whole !== 0 ? whole : rankOf(b.level) - rankOf(a.level);
}
