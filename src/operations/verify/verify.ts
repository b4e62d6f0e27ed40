import type { CopyRow } from "../../catalog/catalog.ts";
import type { Destination } from "../../destinations/destination.ts";
import { parseBackupFile } from "../../domain/backup-file.ts";
import { asFailure, Failure, reportOf } from "../../domain/failure.ts";
import { highest, type Level } from "../../domain/level.ts";
import { levelBeside, newestReceipt } from "../beside.ts";
import type { Context } from "../context.ts";
import { findBackup } from "../find-backup.ts";
import type { VerifyOptions, VerifyReport } from "../operation.ts";
import { writeCheckReceipt } from "../receipt.ts";
import { differencesToOwnHash, readStoredBackup, type StoredBackup } from "../stored-backup.ts";
import { checkCopy } from "./check-copy.ts";

interface Candidate {
  readonly id: string;
  readonly destination: Destination;
}

/**
 * Checks copies to the level asked for, against the manifest and own hash at their destination, and keeps
 * the result beside them. Backups that only the destination knows are checked too. Damage is a report, not
 * an exception; a check that could not be made says "failed", never ok.
 */
export async function verify(context: Context, options: VerifyOptions): Promise<readonly VerifyReport[]> {
  const reports: VerifyReport[] = [];
  for (const candidate of await candidatesOf(context, options)) {
    options.signal.throwIfAborted();
    const report = await verifyCopy(context, candidate, options);
    if (report !== null) reports.push(report);
  }
  return reports;
}

async function candidatesOf(context: Context, { backups }: VerifyOptions): Promise<readonly Candidate[]> {
  const rows =
    backups.length > 0 ? backups.map((name) => findBackup(context, name)) : context.catalog.backups();
  const known = rows.flatMap((row) =>
    row.copies.filter((copy) => copy.state !== "removing").map((copy) => candidateOf(context, copy)),
  );
  const found = backups.length > 0 ? [] : await listedAtDestinations(context);
  const unique = new Map(
    [...known, ...found].map((candidate) => [`${candidate.destination.name}\n${candidate.id}`, candidate]),
  );
  return [...unique.values()];
}

function candidateOf(context: Context, copy: CopyRow): Candidate {
  const destination = context.destinations.get(copy.destination);
  if (destination) return { id: copy.backupId, destination };
  throw new Failure(
    "usage.invalid-value",
    `Cannot verify "${copy.backupId}": its destination "${copy.destination}" is no longer in the config`,
    {
      hint: "Put the destination back, or run codex-backup catalog rebuild to forget what lies there.",
    },
  );
}

async function listedAtDestinations(context: Context): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for (const destination of context.destinations.values()) {
    const files = await destination.list().catch(() => []); // one that cannot be listed fails for each copy below
    for (const { name } of files) {
      const parsed = parseBackupFile(name);
      if (parsed?.file.kind === "manifest") found.push({ id: parsed.base, destination });
    }
  }
  return found;
}

async function verifyCopy(
  context: Context,
  { id, destination }: Candidate,
  options: VerifyOptions,
): Promise<VerifyReport | null> {
  const basis = { backup: id, destination: destination.name };
  try {
    const stored = await readStoredBackup(destination, id);
    if (isTooOld(context, stored, options.sinceMs)) return null;
    const unlike = [
      ...(await differencesToOwnHash(destination, stored)),
      ...differencesToCatalog(context, stored),
    ];
    const checked = await checkCopy(context, destination, {
      stored,
      level: options.level,
      signal: options.signal,
    });
    const differences = [...unlike, ...checked.differences];
    const level: Level = differences.length === 0 ? checked.level : "unknown";
    await keepResult(context, destination, { stored, level, readBack: checked.readBack, differences });
    const { readBack, checkedFiles } = checked;
    const isOk = differences.length === 0;
    const outcome = isOk ? "ok" : "damaged";
    return {
      ...basis,
      job: stored.manifest.job,
      outcome,
      level,
      readBack,
      checkedFiles,
      differences,
      failure: null,
      exit: isOk ? 0 : 4,
    };
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    const failure = asFailure(error, "destination.io", `Cannot verify "${id}" at "${destination.name}"`);
    const isDamage = failure.meaning.exit === 4;
    return {
      ...basis,
      job: null,
      outcome: isDamage ? "damaged" : "failed",
      level: "unknown",
      readBack: null,
      checkedFiles: 0,
      differences: isDamage ? [failure.message] : [],
      failure: reportOf(failure),
      exit: failure.meaning.exit,
    };
  }
}

function isTooOld(context: Context, { manifest }: StoredBackup, sinceMs: number | null): boolean {
  return sinceMs !== null && context.clock.now() - Date.parse(manifest.startedAt) > sinceMs;
}

/** The catalog remembers the manifest's hash from its birth: one more witness, where it is there. */
function differencesToCatalog(
  { catalog }: Context,
  { manifest, manifestSha256 }: StoredBackup,
): readonly string[] {
  const row = catalog.backup(manifest.job, manifest.id);
  if (row === null || row.manifestSha256 === manifestSha256) return [];
  return ["its manifest is not the one that the catalog saw when it was made"];
}

interface Result {
  readonly stored: StoredBackup;
  readonly level: Level;
  readonly readBack: "direct" | "cached" | null;
  readonly differences: readonly string[];
}

async function keepResult(
  context: Context,
  destination: Destination,
  { stored, level: reached, readBack, differences }: Result,
): Promise<void> {
  const { manifest } = stored;
  const { id: destinationId } = await destination.ready();
  const [first] = differences;
  const before =
    first === undefined ? await levelBefore(context, destination, { stored, destinationId }) : "unknown";
  const level = highest([before, reached]);
  await writeCheckReceipt(context, destination, { sealed: stored, destinationId, level, readBack });
  if (context.catalog.backup(manifest.job, manifest.id) === null) {
    context.catalog.putBackup(manifest, stored.manifestText, stored.manifestSha256);
  }
  const failure =
    first === undefined
      ? null
      : new Failure("backup.mismatch", `Cannot vouch for "${manifest.id}": ${first}`);
  context.catalog.putCopy({
    job: manifest.job,
    backupId: manifest.id,
    destination: destination.name,
    destinationId,
    state: failure === null ? "whole" : "damaged",
    level,
    readBack,
    checkedAt: context.clock.now(),
    failure: failure === null ? null : reportOf(failure),
  });
}

/** Equal bytes keep what an earlier, deeper check has shown. */
async function levelBefore(
  { catalog }: Context,
  destination: Destination,
  { stored, destinationId }: { readonly stored: StoredBackup; readonly destinationId: string },
): Promise<Level> {
  const { manifest } = stored;
  const known = catalog
    .backup(manifest.job, manifest.id)
    ?.copies.find((copy) => copy.destination === destination.name);
  if (known) return known.state === "whole" ? known.level : "unknown";
  const beside = (await destination.list()).filter(({ name }) => parseBackupFile(name)?.base === manifest.id);
  return levelBeside(manifest, destinationId, await newestReceipt(destination, beside));
}
