import { createHash } from "node:crypto";
import { formatBackupFile, manifestSignature } from "../../domain/backups/backup-file.ts";
import { contradictedByHashes } from "../../domain/backups/contradicted-by-hashes.ts";
import { parseChecksumLine } from "../../domain/checksums/checksum-line.ts";
import { Failure } from "../../domain/failure.ts";
import { statIfThere } from "../../platform/files.ts";
import type { Context } from "../context.ts";
import { differencesToSignatureText } from "../signatures/unlike-signed.ts";
import type { FilesBeside } from "./backup-files.ts";
import { readBareIfThere } from "./bare-file.ts";

/**
 * Believes the manifest beside a file only where nothing that is at hand denies it: its NAME.sha256, the signature of a
 * trusted key, the catalog. What is not there, or comes from elsewhere, denies nothing. Throws "backup.mismatch".
 */
export async function demandUndenied(context: Context, files: FilesBeside): Promise<void> {
  const denied = [
    ...(await deniedByOwnHash(files)),
    ...(await deniedBySignature(context, files)),
    ...(await deniedByCatalog(context, files)),
  ];
  if (denied.length === 0) return;
  throw new Failure("backup.mismatch", `Cannot restore "${files.name}": ${denied.join("; ")}`, {
    hint: 'Restore from another copy; "codex-backup verify" looks again and tells which copies are good.',
    context: { path: files.name },
  });
}

async function deniedByOwnHash(files: FilesBeside): Promise<readonly string[]> {
  const name = formatBackupFile(files.base, { kind: "sha256" });
  const text = await readBareIfThere(files.localPath(name));
  if (text === null) return [];
  const lines = text
    .toString("utf8")
    .split("\n")
    .flatMap((line) => parseChecksumLine(line) ?? []);
  const manifest = { path: manifestNameOf(files), sha256: hashOf(files) };
  const about = contradictedByHashes(lines, [...files.manifest.files, manifest]).map((path) => `"${path}"`);
  if (about.length === 0) return [];
  return [`"${name}" and the manifest disagree about ${about.join(", ")}: one of them was changed`];
}

async function deniedBySignature(context: Context, files: FilesBeside): Promise<readonly string[]> {
  const name = formatBackupFile(files.base, manifestSignature);
  const text = await readBareIfThere(files.localPath(name));
  if (text === null) return [];
  return differencesToSignatureText(context, files.manifestBytes, { name, text: text.toString("utf8") });
}

/** Asked of the copy at a destination, whatever it calls itself, and of one that was carried away from there. */
async function deniedByCatalog(context: Context, files: FilesBeside): Promise<readonly string[]> {
  const denied: string[] = [];
  for (const row of context.catalog.backupsNamed(files.base)) {
    const { job, startedAt, adopted } = files.manifest;
    let isKnown = job === row.job && Date.parse(startedAt) === row.createdAt && !adopted;
    for (const { destination, state } of row.copies) {
      if (!(await liesAt(context, destination, files))) continue;
      isKnown = true;
      if (state === "damaged") denied.push(`this copy, at "${destination}", was found damaged`);
    }
    if (isKnown && row.manifestSha256 !== hashOf(files))
      denied.push("its manifest is not the one that the catalog saw when it was made");
  }
  return denied;
}

/** By the file itself: a directory can be reached by several paths. */
async function liesAt({ destinations }: Context, name: string, files: FilesBeside): Promise<boolean> {
  const manifest = manifestNameOf(files);
  const path = destinations.get(name)?.localPath(manifest) ?? null;
  if (path === null) return false;
  const [there, here] = await Promise.all([path, files.localPath(manifest)].map(seen));
  return there != null && here != null && there.dev === here.dev && there.ino === here.ino;
}

/** A destination that cannot be looked at is not where a file was just read. */
function seen(path: string): ReturnType<typeof statIfThere> {
  return statIfThere(path).catch(() => null);
}

function manifestNameOf({ base }: FilesBeside): string {
  return formatBackupFile(base, { kind: "manifest" });
}

function hashOf({ manifestBytes }: FilesBeside): string {
  return createHash("sha256").update(manifestBytes).digest("hex");
}
