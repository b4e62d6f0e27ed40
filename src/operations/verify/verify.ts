import type { VerifyReport } from "../../domain/backups/verify-report.ts";
import { asFailure, type Failure, reportOf } from "../../domain/failure.ts";
import type { Decryptor } from "../../encryption/encryption.ts";
import type { Context } from "../context.ts";
import type { VerifyOptions } from "../operation.ts";
import { openIdentity } from "../restore/unseal.ts";
import { differencesToSignature } from "../signatures/unlike-signed.ts";
import {
  demandOwnName,
  differencesToOwnHash,
  missingBackup,
  readStoredBackup,
  type StoredBackup,
} from "../stored-backup.ts";
import { type Candidate, candidatesOf, type SeenPlace } from "./candidates.ts";
import { checkCopy } from "./check-copy.ts";
import { keepLoss, keepResult, wasRemoved } from "./keep-result.ts";

/**
 * Checks copies to the level asked for, against the manifest and own hash at their destination, and keeps
 * the result in the catalog and beside them. Backups that only the destination knows are checked too. Damage
 * is a report, not an exception; a check that could not be made says "failed", never ok.
 */
export async function verify(context: Context, options: VerifyOptions): Promise<readonly VerifyReport[]> {
  const reports: VerifyReport[] = [];
  const decryptor = await openIdentity(context, options.identity ?? null);
  for (const candidate of await candidatesOf(context, options)) {
    options.signal.throwIfAborted();
    const { place, known } = candidate;
    if (known !== null && isTooOld(context, known.createdAt, options)) continue;
    const report =
      place.kind === "away"
        ? failedReport(candidate, place.failure)
        : await verifyCopy(context, { ...candidate, place }, { ...options, decryptor });
    if (report !== null) reports.push(report);
  }
  return reports;
}

interface Verifying extends VerifyOptions {
  readonly decryptor: Decryptor | null;
}

/** Where it was seen. */
interface SeenCandidate extends Candidate {
  readonly place: SeenPlace;
}

/** Null: too old, or removed while it was checked. */
export async function verifyCopy(
  context: Context,
  candidate: SeenCandidate,
  options: Verifying,
): Promise<VerifyReport | null> {
  const { signal } = options;
  try {
    return await tryVerifyCopy(context, candidate, options);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const doing = `Cannot verify "${candidate.id}" at "${candidate.place.name}"`;
    const failure = asFailure(error, "destination.io", doing);
    const report =
      failure.meaning.exit === 4
        ? await lossReport(context, candidate, failure)
        : failedReport(candidate, failure);
    return wasRemoved(context, candidate) ? null : report;
  }
}

async function tryVerifyCopy(
  context: Context,
  candidate: SeenCandidate,
  options: Verifying,
): Promise<VerifyReport | null> {
  const { place, id } = candidate;
  const { destination } = place;
  const stored = await readStoredBackup(destination, id);
  demandOwnName(stored, id);
  const { manifest } = stored;
  if (candidate.known !== null && manifest.job !== candidate.known.job)
    throw missingBackup(destination, `${candidate.known.job}/${id}`);
  if (candidate.known === null && isTooOld(context, Date.parse(manifest.startedAt), options)) return null;
  const unlike = [
    ...(await differencesToOwnHash(destination, stored)),
    ...(await differencesToSignature(context, destination, stored)),
    ...differencesToCatalog(context, stored),
  ];
  const { level, signal, decryptor } = options;
  const found = await checkCopy(context, destination, { stored, level, signal, decryptor });
  const checked = { ...found, differences: [...unlike, ...found.differences] };
  const kept = await keepResult(context, { candidate, place, stored, checked });
  if (kept === null) return null;
  const isOk = kept.differences.length === 0;
  const unread = isOk && level === "read" && found.level !== "read" ? [unreadWithoutKey(stored)] : [];
  return {
    backup: id,
    destination: place.name,
    job: manifest.job,
    outcome: isOk ? "ok" : "damaged",
    level: isOk ? found.level : "unknown",
    readBack: found.readBack,
    checkedFiles: found.checkedFiles,
    differences: kept.differences,
    warnings: [...unread, ...kept.warnings],
    failure: null,
    exit: !isOk ? 4 : unread.length > 0 ? 3 : 0,
  };
}

function unreadWithoutKey({ manifest }: StoredBackup): string {
  const recipients = manifest.encryption?.recipients ?? [];
  const whose = recipients.length === 0 ? "its key" : `the key of ${recipients.join(" or ")}`;
  return `it is encrypted, so only its hashes were checked; --level read needs ${whose} with --identity FILE`;
}

function isTooOld({ clock }: Context, createdAt: number, { sinceMs }: VerifyOptions): boolean {
  return sinceMs !== null && clock.now() - createdAt > sinceMs;
}

/** The catalog remembers the manifest's hash from its birth: one more witness, where it is there. */
export function differencesToCatalog(
  { catalog }: Context,
  { manifest, manifestSha256 }: StoredBackup,
): readonly string[] {
  const row = catalog.backup(manifest.job, manifest.id);
  if (row === null || row.manifestSha256 === manifestSha256) return [];
  return ["its manifest is not the one that the catalog saw when it was made"];
}

async function lossReport(context: Context, candidate: SeenCandidate, loss: Failure): Promise<VerifyReport> {
  try {
    await keepLoss(context, candidate, loss);
  } catch (error) {
    return failedReport(candidate, asFailure(error, "destination.io", "Cannot keep what was found"));
  }
  const { exit } = loss.meaning;
  return { ...failedReport(candidate, loss), outcome: "damaged", differences: [loss.message], exit };
}

/** Of a copy that could not be checked: its own exit status is never that of damage. */
export function failedReport({ id, known, place }: Candidate, failure: Failure): VerifyReport {
  return {
    backup: id,
    destination: place.name,
    job: known?.job ?? null,
    outcome: "failed",
    level: "unknown",
    readBack: null,
    checkedFiles: 0,
    differences: [],
    warnings: [],
    failure: reportOf(failure),
    exit: failure.meaning.exit,
  };
}
