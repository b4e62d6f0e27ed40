import type { BackupRow } from "../../catalog/catalog.ts";
import { parseBackupFile } from "../../domain/backups/backup-file.ts";
import { asFailure, Failure } from "../../domain/failure.ts";
import type { Context } from "../context.ts";
import { noteLook } from "../note-look.ts";
import type { PruneOptions } from "../operation.ts";
import { demandSameDisk } from "../same-disk.ts";

/** What lies at one destination, as just listed there. */
export interface Survey {
  readonly destination: string;
  readonly destinationId: string;
  /** Sizes in bytes by name. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Ids with a hold file beside them, whoever made it. */
  readonly heldIds: ReadonlySet<string>;
}

/** A destination of which nothing can be said. */
export interface Unseen {
  readonly destination: string;
  readonly failure: Failure;
}

export interface Surveys {
  readonly seen: readonly Survey[];
  readonly unseen: readonly Unseen[];
}

/** Lists each destination that has copies of these backups, once. A dry run writes nothing there. Never throws. */
export async function surveyDestinations(
  context: Context,
  rows: readonly BackupRow[],
  { dryRun }: Pick<PruneOptions, "dryRun">,
): Promise<Surveys> {
  const seen: Survey[] = [];
  const unseen: Unseen[] = [];
  for (const name of new Set(rows.flatMap((row) => row.copies.map((copy) => copy.destination)))) {
    try {
      seen.push(await survey(context, name, { rows, dryRun }));
    } catch (error) {
      const failure = asFailure(error, "destination.io", `Cannot look at "${name}"`);
      unseen.push({ destination: name, failure });
    }
  }
  return { seen, unseen };
}

interface Looking extends Pick<PruneOptions, "dryRun"> {
  readonly rows: readonly BackupRow[];
}

async function survey(context: Context, name: string, { rows, dryRun }: Looking): Promise<Survey> {
  const destination = context.destinations.get(name);
  if (!destination) {
    throw new Failure("destination.missing", `Cannot look at "${name}": it is no longer in the config`, {
      hint: "Put it back there, or forget its copies with codex-backup catalog rebuild.",
    });
  }
  const facts = dryRun ? await destination.look() : await destination.ready();
  noteLook(context, destination, facts);
  const copies = rows.flatMap((row) => row.copies).filter((copy) => copy.destination === name);
  const [first] = copies;
  if (first && !copies.some((copy) => copy.destinationId === facts.id))
    demandSameDisk(destination, facts, first);
  const files = await destination.list();
  const parsed = files.map((file) => parseBackupFile(file.name)).filter((one) => one !== null);
  return {
    destination: name,
    destinationId: facts.id,
    sizes: new Map(files.map((file) => [file.name, file.sizeBytes])),
    heldIds: new Set(parsed.filter((one) => one.file.kind === "hold").map((one) => one.base)),
  };
}
