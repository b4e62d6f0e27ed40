import { parseBackupFile } from "../../domain/backups/backup-file.ts";
import type { Custody } from "../../domain/encryption/custody.ts";
import { Failure, messageOf } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import { type BackupJob, leavesBackups } from "../../domain/jobs/job.ts";
import type { Context } from "../context.ts";
import { readStoredBackup } from "../stored-backup.ts";
import { keepCustody, readCustody } from "./key-store.ts";

/** So many of a destination's newest manifests are looked through when this machine's own memory is lost. */
const looked = 50;

/**
 * A backup that nobody can open is none: a run is refused until each recipient's secret key was exported, or somebody has
 * shown that it is held elsewhere. Throws "encryption.not-exported" with the command. After a loss of STATE, backups
 * that were made for a recipient stand in for the record, since only with one they were allowed to be made.
 */
export async function demandCustody(context: Context, job: BackupJob): Promise<void> {
  const held = await holdersOf(context, job);
  const open = held.filter(({ custody, seenIn }) => custody === null && seenIn === null);
  if (open.length > 0)
    throw notExported(
      job.name,
      open.map(({ recipient }) => recipient),
    );
  for (const { recipient, custody, seenIn } of held) {
    if (custody !== null || seenIn === null) continue;
    await keepCustody(context, custodyOf(context, recipient, { how: "seen", who: seenIn }));
  }
}

export interface Holder {
  readonly recipient: string;
  /** What this machine remembers. */
  readonly custody: Custody | null;
  /** An earlier backup of the job that was made for it; only looked for when nothing is remembered. */
  readonly seenIn: string | null;
}

/** Of each recipient of a job, what is known of who holds its key. Writes nothing. */
export async function holdersOf(
  context: Context,
  { name, to, encrypt }: BackupJob,
): Promise<readonly Holder[]> {
  const known = await Promise.all(
    (encrypt?.recipients ?? []).map(async (recipient) => ({
      recipient,
      custody: await readCustody(context, recipient),
    })),
  );
  const isAllKnown = known.every(({ custody }) => custody !== null);
  const seen = isAllKnown ? new Map<string, string>() : await madeFor(context, { job: name, to });
  return known.map((one) => ({ ...one, seenIn: seen.get(one.recipient) ?? null }));
}

/** As of now; written by whoever calls. */
export function custodyOf(
  { clock }: Pick<Context, "clock">,
  recipient: string,
  { how, who }: Pick<Custody, "how" | "who">,
): Custody {
  return { format: "codex-backup-custody", version: 1, recipient, how, who, at: formatInstant(clock.now()) };
}

/** The recipients that config's jobs encrypt for, each with the jobs; sorted. */
export function recipientsOf(context: Pick<Context, "jobs">): ReadonlyMap<string, readonly string[]> {
  const pairs = context.jobs
    .filter((job) => leavesBackups(job))
    .flatMap(({ name, encrypt }) => (encrypt?.recipients ?? []).map((recipient) => ({ recipient, name })));
  const grouped = Map.groupBy(pairs, ({ recipient }) => recipient);
  return new Map([...grouped].map(([recipient, found]) => [recipient, found.map(({ name }) => name)]));
}

interface JobPlaces {
  readonly job: string;
  readonly to: readonly string[];
}

/** By recipient, a backup of the job at one of its destinations. A destination that is away tells nothing. */
async function madeFor(context: Context, { job, to }: JobPlaces): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const destination of to.map((name) => context.destinations.get(name))) {
    if (destination === undefined) continue;
    try {
      const files = (await destination.list()).toSorted((a, b) => b.modifiedMs - a.modifiedMs);
      const ids = files.flatMap(({ name }) => {
        const parsed = parseBackupFile(name);
        return parsed?.file.kind === "manifest" ? [parsed.base] : [];
      });
      for (const id of ids.slice(0, looked)) {
        const { manifest } = await readStoredBackup(destination, id);
        if (manifest.job !== job || manifest.adopted) continue;
        for (const recipient of manifest.encryption?.recipients ?? []) found.set(recipient, manifest.id);
      }
    } catch (error) {
      context.log.warn(
        { destination: destination.name, error: messageOf(error) },
        "cannot look for earlier backups",
      );
    }
  }
  return found;
}

function notExported(job: string, recipients: readonly string[]): Failure {
  const whose = recipients.join(", ");
  return new Failure(
    "encryption.not-exported",
    `Cannot encrypt "${job}": nobody is known to hold the secret key of ${whose} outside of this machine`,
    {
      hint: "Give it out with codex-backup keys export --encryption, or show that you hold it: codex-backup keys confirm --identity FILE.",
      context: { job },
    },
  );
}
