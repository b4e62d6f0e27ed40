import { createHash } from "node:crypto";
import type { Destination } from "../../destinations/destination.ts";
import { parseBackupFile } from "../../domain/backups/backup-file.ts";
import { parseManifest } from "../../domain/backups/manifest-text.ts";
import { asFailure, Failure } from "../../domain/failure.ts";
import { parseProofReceipt } from "../../domain/proofs/proof-receipt.ts";
import type { ChainLink } from "../../domain/signatures/chain.ts";
import { linkOf, type SignatureState } from "../../domain/signatures/chain-link.ts";
import type { Context } from "../context.ts";
import { type KnownReceipt, knownReceipts } from "./known-receipts.ts";

/** A manifest where it lies, and what its signature is worth. */
export interface ShelvedLink extends ChainLink {
  readonly job: string;
  readonly database: string | null;
  /** The name that its file bears, which should be its id. */
  readonly base: string;
}

/** A receipt beside a backup. */
export interface ShelvedReceipt {
  readonly base: string;
  readonly file: string;
  readonly signature: SignatureState;
  /** Of the manifest that it speaks of; null: it cannot be read. */
  readonly manifestSha256: string | null;
}

/** What lies at one destination, as far as signatures go. */
export interface Shelf {
  readonly destination: string;
  readonly links: readonly ShelvedLink[];
  readonly receipts: readonly ShelvedReceipt[];
  /** Those that should be there. */
  readonly knownReceipts: readonly KnownReceipt[];
  /** Manifests that are no manifests any more. */
  readonly unreadable: readonly { readonly base: string; readonly message: string }[];
}

export interface AwayShelf {
  readonly destination: string;
  readonly failure: Failure;
}

/** Reads every manifest and receipt there with its signature; a destination that cannot be looked at says so. */
export async function readShelf(
  context: Context,
  destination: Destination,
  signal: AbortSignal,
): Promise<Shelf | AwayShelf> {
  try {
    const { id } = await destination.look();
    demandKnownDisk(context, destination, id);
    return await readFiles(context, destination, signal);
  } catch (error) {
    signal.throwIfAborted();
    const failure = asFailure(error, "destination.io", `Cannot look at "${destination.name}"`);
    return { destination: destination.name, failure };
  }
}

/** Of another disk, every backup would be called missing. */
function demandKnownDisk({ catalog }: Context, { name, location }: Destination, id: string): void {
  const known = catalog.destinationIds(name);
  if (known.length === 0 || known.includes(id)) return;
  throw new Failure(
    "destination.sentinel-foreign",
    `Cannot check signatures at "${name}": ${location} now has the sentinel ${id}, and the backups lie at ${known.join(", ")}`,
    { hint: "Mount the right share; if it was replaced on purpose, run codex-backup catalog rebuild." },
  );
}

async function readFiles(context: Context, destination: Destination, signal: AbortSignal): Promise<Shelf> {
  const known = knownReceipts(context, destination.name); // before the list: a proof may end meanwhile
  const names = new Set((await destination.list()).map(({ name }) => name));
  const links: ShelvedLink[] = [];
  const receipts: ShelvedReceipt[] = [];
  const unreadable: { base: string; message: string }[] = [];
  for (const name of names) {
    signal.throwIfAborted();
    const parsed = parseBackupFile(name);
    if (parsed?.file.kind !== "manifest" && parsed?.file.kind !== "proof") continue;
    const read = await readSigned(context, destination, { name, isSigned: names.has(`${name}.minisig`) });
    if (read === null) continue;
    const { base } = parsed;
    if (parsed.file.kind === "proof") receipts.push(receiptFrom(read, base, name));
    else {
      const link = linkFrom(read, base, `${destination.location}/${name}`);
      if (typeof link === "string") unreadable.push({ base, message: link });
      else links.push(link);
    }
  }
  return { destination: destination.name, links, receipts, knownReceipts: known, unreadable };
}

/** A file, and what the signature beside it is worth. */
export interface Signed {
  readonly bytes: Buffer;
  readonly signature: SignatureState;
}

/** Null: policy removed it while we looked. */
export async function readSigned(
  { signatures }: Pick<Context, "signatures">,
  destination: Destination,
  { name, isSigned }: { readonly name: string; readonly isSigned: boolean },
): Promise<Signed | null> {
  try {
    const bytes = await destination.read(name);
    if (!isSigned) return { bytes, signature: { kind: "missing" } };
    const text = (await destination.read(`${name}.minisig`, 64 * 1024)).toString("utf8");
    return { bytes, signature: await signatures.check(bytes, text) };
  } catch (error) {
    if ((await destination.stat(name)) === null) return null;
    throw error;
  }
}

/** What is wrong with it, when it is no manifest. A name that is not its own is for the chain to tell. */
function linkFrom({ bytes, signature }: Signed, base: string, place: string): ShelvedLink | string {
  try {
    // Without its name at the end, the reader does not compare it with the id inside.
    const manifest = parseManifest(bytes, `${place} `);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const { job, database } = manifest;
    return { ...linkOf(manifest, sha256), job, database, base, signature };
  } catch (error) {
    if (error instanceof Failure && ["backup.manifest", "backup.newer"].includes(error.code))
      return error.message;
    throw error;
  }
}

function receiptFrom({ bytes, signature }: Signed, base: string, file: string): ShelvedReceipt {
  const receipt = parseProofReceipt(bytes.toString("utf8"));
  return { base, file, signature, manifestSha256: receipt?.manifestSha256 ?? null };
}
