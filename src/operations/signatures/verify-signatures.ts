import { formatBackupFile } from "../../domain/backups/backup-file.ts";
import { Failure, reportOf } from "../../domain/failure.ts";
import { type ChainFinding, type ChainWitnesses, judgeChain } from "../../domain/signatures/chain.ts";
import type { SignatureState } from "../../domain/signatures/chain-link.ts";
import type { SignatureReport } from "../../domain/signatures/signature-report.ts";
import { type Context, jobNamed } from "../context.ts";
import { findBackup } from "../find-backup.ts";
import type { VerifySignaturesOptions } from "../operation.ts";
import { isPolicyAtWork } from "./known-receipts.ts";
import {
  type AwayShelf,
  readShelf,
  type Shelf,
  type ShelvedLink,
  type ShelvedReceipt,
} from "./read-shelf.ts";

/**
 * Checks the signature of every manifest and proof receipt at every destination, and that the manifests of each job and
 * database follow each other without a gap that policy did not make. Changes nothing. Throws "signatures.key" when there
 * is no key to check with: then nothing could be said of anything.
 */
export async function verifySignatures(
  context: Context,
  options: VerifySignaturesOptions,
): Promise<readonly SignatureReport[]> {
  const isWanted = wantedBy(context, options);
  if ((await context.signatures.trusted()).length === 0) throw noKey();
  const shelves: Shelf[] = [];
  const reports: SignatureReport[] = [];
  for (const destination of context.destinations.values()) {
    const shelf = await readShelf(context, destination, options.signal);
    if ("failure" in shelf) reports.push(awayReport(shelf));
    else shelves.push(shelf);
  }
  for (const shelf of shelves) reports.push(...judgeShelf(context, shelf, shelves));
  return reports.filter((report) => report.backup === "*" || isWanted(report));
}

function noKey(): Failure {
  return new Failure("signatures.key", "Cannot check signatures: there is no key whose signatures count", {
    hint: "Make one with codex-backup keys generate, or name a public key under signing.trusted in the config.",
  });
}

type Named = Pick<SignatureReport, "backup" | "job">;

function wantedBy(context: Context, { backups, job }: VerifySignaturesOptions): (one: Named) => boolean {
  if (job !== null) jobNamed(context, job);
  const named = backups.map((name) => findBackup(context, name));
  const isNamed = (one: Named) =>
    named.length === 0 || named.some((row) => row.id === one.backup && row.job === one.job);
  return (one) => isNamed(one) && (job === null || one.job === job);
}

function awayReport({ destination, failure }: AwayShelf): SignatureReport {
  const { exit } = failure.meaning;
  return {
    ...{ backup: "*", job: null, destination, file: null, outcome: "failed", signedBy: null, findings: [] },
    failure: reportOf(failure),
    exit,
  };
}

/** One job and database, at one destination. */
interface Series {
  readonly job: string;
  readonly database: string | null;
}

function judgeShelf(context: Context, shelf: Shelf, shelves: readonly Shelf[]): readonly SignatureReport[] {
  const unreadable = shelf.unreadable.map(({ base, message }) =>
    damaged(shelf, { base, job: jobOf(context, shelf, base) }, [{ kind: "unreadable", message }]),
  );
  const seriesReports = seriesAt(context, shelf).flatMap((series) =>
    judgeSeries(context, series, { shelf, shelves }),
  );
  return [...unreadable, ...seriesReports];
}

/** By the catalog, as the manifest cannot say. */
function jobOf({ catalog }: Context, { destination }: Shelf, id: string): string | null {
  const rows = catalog.backupsNamed(id);
  return rows.find(({ copies }) => copies.some((copy) => copy.destination === destination))?.job ?? null;
}

/** Those that lie there, and those of which the catalog says so. */
function seriesAt({ catalog }: Context, { destination, links }: Shelf): readonly Series[] {
  const known = catalog
    .backups()
    .filter(({ copies }) => copies.some((copy) => copy.destination === destination));
  const all = [...links, ...known].map(({ job, database }) => ({ job, database }));
  return [...new Map(all.map((series) => [keyOf(series), series])).values()];
}

function keyOf({ job, database }: Series): string {
  return JSON.stringify([job, database]);
}

interface Standing {
  readonly shelf: Shelf;
  readonly shelves: readonly Shelf[];
}

function judgeSeries(
  context: Context,
  series: Series,
  { shelf, shelves }: Standing,
): readonly SignatureReport[] {
  const ofSeries = (links: readonly ShelvedLink[]) => links.filter((link) => keyOf(link) === keyOf(series));
  const own = ofSeries(shelf.links);
  const misnamed = own.filter(({ base, id }) => base !== id);
  const links = own.filter(({ base, id }) => base === id);
  const others = shelves.filter((other) => other !== shelf);
  const findings = judgeChain(links, {
    misnamed,
    known: knownOf(context, series, shelf),
    elsewhere: others.flatMap((other) =>
      ofSeries(other.links).map((link) => ({ ...link, destination: other.destination })),
    ),
    pruned: context.catalog.pruned(series.job, series.database),
    remembered: context.catalog.links(series.job, series.database),
  });
  const found = Map.groupBy(findings, ({ backup }) => backup);
  const here = [...links, ...misnamed].toSorted((a, b) => (a.base < b.base ? -1 : 1));
  const bases = new Set(here.map(({ base }) => base));
  const gone = [...found].filter(([id]) => !bases.has(id));
  return [
    ...here.flatMap((link) => [
      reportOn(shelf, link, found.get(link.base) ?? []),
      ...shelf.receipts
        .filter(({ base }) => base === link.base)
        .map((receipt) => judgeReceipt(shelf, link, receipt)),
      ...goneReceipts(context, shelf, link),
    ]),
    ...gone.map(([base, about]) => damaged(shelf, { base, job: series.job }, about)),
  ];
}

/** A manifest that cannot be read is told as that, not as missing. */
function knownOf({ catalog }: Context, { job, database }: Series, shelf: Shelf): ChainWitnesses["known"] {
  const unreadable = new Set(shelf.unreadable.map(({ base }) => base));
  const oldestFirst = catalog.backups({ job, database }).toReversed();
  return oldestFirst.map(({ id, manifestSha256: sha256, copies }) => {
    const copy = copies.find(({ destination }) => destination === shelf.destination);
    const isExpected = copy !== undefined && copy.state !== "removing" && !unreadable.has(id);
    return { id, sha256, isExpected };
  });
}

function reportOn(
  { destination }: Shelf,
  { base, job, signature }: ShelvedLink,
  findings: readonly ChainFinding[],
): SignatureReport {
  const file = formatBackupFile(base, { kind: "manifest" });
  return { backup: base, job, destination, file, ...verdictOf(base, signature, findings) };
}

/** A receipt says nothing of a manifest that has changed since. */
function judgeReceipt(
  { destination }: Shelf,
  link: ShelvedLink,
  { base, file, signature, manifestSha256 }: ShelvedReceipt,
): SignatureReport {
  const findings: ReceiptFinding[] = [];
  if (signature.kind === "bad" || signature.kind === "malformed")
    findings.push({ kind: "edited", message: "the receipt of a proof is not the one that was signed" });
  if (signature.kind === "foreign")
    findings.push({
      kind: "foreign",
      message: `the receipt of a proof is signed by key ${signature.keyId}, which is not trusted here`,
    });
  if (signature.kind === "missing" && link.signature.kind === "good")
    findings.push({
      kind: "unsigned",
      message: "the receipt of a proof is not signed, though its backup is",
    });
  if (manifestSha256 !== link.sha256)
    findings.push({ kind: "replaced", message: "the receipt of a proof speaks of another manifest" });
  return { backup: base, job: link.job, destination, file, ...verdictOf(base, signature, findings) };
}

/** Whoever takes away what a proof has found, has it forgotten. */
function goneReceipts(context: Context, shelf: Shelf, link: ShelvedLink): readonly SignatureReport[] {
  const here = new Set(shelf.receipts.map(({ file }) => file));
  const { base, job } = link;
  return shelf.knownReceipts
    .filter((known) => known.base === base && known.job === job && !here.has(known.file))
    .filter((known) => !isPolicyAtWork(context, known, shelf.destination))
    .map(({ file }) => {
      const message = `the receipt "${file}" of a proof is gone, and no policy removed it`;
      return { ...damaged(shelf, { base, job }, [{ kind: "missing", message }]), file };
    });
}

type ReceiptFinding = SignatureReport["findings"][number];

function verdictOf(
  backup: string,
  signature: SignatureState,
  found: readonly ReceiptFinding[],
): Pick<SignatureReport, "outcome" | "signedBy" | "findings" | "failure" | "exit"> {
  const findings = found.map(({ kind, message }) => ({ kind, message }));
  const signedBy = signature.kind === "good" ? signature.keyId : null;
  const [first] = findings;
  if (first !== undefined) {
    const failure = failureFrom(backup, first);
    const { exit } = failure.meaning;
    return { outcome: "damaged", signedBy, findings, failure: reportOf(failure), exit };
  }
  const outcome = signature.kind === "good" ? "ok" : "unsigned";
  return { outcome, signedBy, findings, failure: null, exit: 0 };
}

function failureFrom(backup: string, { kind, message }: ReceiptFinding): Failure {
  const said = `Cannot vouch for "${backup}": ${message}`;
  switch (kind) {
    case "unsigned":
      return new Failure("signatures.missing", said, {
        hint: "Look who could have removed the signature; sign it by hand with minisign when its run said that it could not.",
      });
    case "edited":
    case "foreign":
    case "unreadable":
      return new Failure("signatures.invalid", said, {
        hint: "Restore from another copy, and prove that one.",
      });
    case "missing":
    case "replaced":
    case "reordered":
    case "duplicate":
      return new Failure("signatures.chain", said, {
        hint: "Look who can write to this destination; take what is there from another copy.",
      });
    default:
      return kind satisfies never;
  }
}

function damaged(
  { destination }: Shelf,
  { base, job }: { readonly base: string; readonly job: string | null },
  findings: readonly ReceiptFinding[],
): SignatureReport {
  return { backup: base, job, destination, file: null, ...verdictOf(base, { kind: "missing" }, findings) };
}
