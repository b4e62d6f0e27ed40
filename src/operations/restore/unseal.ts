import { createHash } from "node:crypto";
import { pipeline, Readable, Transform } from "node:stream";
import type { Manifest, ManifestFile } from "../../domain/backups/manifest.ts";
import { type PrivatePart, parsePrivatePart, withPrivatePart } from "../../domain/backups/private-part.ts";
import { Failure } from "../../domain/failure.ts";
import type { Decryptor } from "../../encryption/encryption.ts";
import { readToEnd } from "../../platform/read-to-end.ts";
import type { Context } from "../context.ts";
import { type BackupFiles, mismatch } from "./backup-files.ts";

/**
 * The manifest with all that a key opens. One that is not encrypted is returned as it is; of an adopted file that is, nobody
 * knows more than its manifest says. Throws "encryption.no-identity" naming the recipients without a decryptor, or
 * with another's; "backup.mismatch" and "encryption.damaged" for a private part that is not this backup's.
 */
export async function unseal(files: BackupFiles, decryptor: Decryptor | null): Promise<Manifest> {
  const { manifest } = files;
  if (manifest.encryption === undefined) return manifest;
  const file = manifest.files.find((candidate) => candidate.role === "private");
  demandDecryptor(files, decryptor);
  if (file === undefined) {
    if (manifest.adopted) return manifest;
    throw unreadable(manifest.id, "it has none");
  }
  const part = parsePart(manifest.id, await readPlain(files, file, decryptor));
  return withPrivatePart(manifest, part);
}

function parsePart(id: string, bytes: Buffer): PrivatePart {
  return parsePrivatePart(bytes.toString("utf8")) ?? unreadableNow(id);
}

/** Its bytes are what was written: a version that came later is no damage. */
function unreadableNow(id: string): never {
  throw new Failure(
    "backup.newer",
    `Cannot read the private part of "${id}": this version does not know its format`,
    { hint: "Use the codex-backup that wrote it, or decrypt the files with age and restore those." },
  );
}

function unreadable(id: string, seen: string): Failure {
  return new Failure("backup.mismatch", `Cannot read the private part of "${id}": ${seen}`, {
    hint: "Decrypt the files with age and restore those, or take another copy.",
  });
}

/** Throws "encryption.no-identity" when the backup is encrypted and there is no key at all. */
function demandDecryptor({ manifest }: Pick<BackupFiles, "manifest">, decryptor: Decryptor | null): void {
  if (manifest.encryption === undefined || decryptor !== null) return;
  const { recipients } = manifest.encryption;
  const whose = recipients.length === 0 ? "" : ` for ${recipients.join(", ")}`;
  throw new Failure("encryption.no-identity", `Cannot read "${manifest.id}": it is encrypted${whose}`, {
    hint: "Give the secret key of one of them with --identity FILE.",
    context: { backup: manifest.id },
  });
}

/** Null without a file. Throws "encryption.identity". */
export async function openIdentity(
  { encryption }: Pick<Context, "encryption">,
  path: string | null,
): Promise<Decryptor | null> {
  return path === null ? null : encryption.openIdentities(path);
}

/**
 * A file without its encryption, still compressed. The stream fails with "backup.mismatch" at its end when what was
 * stored is not what the manifest says, and with "encryption.damaged" before it passes on a changed piece.
 */
export async function openPlain(
  files: BackupFiles,
  file: ManifestFile,
  decryptor: Decryptor | null,
): Promise<{ readonly stream: Readable; readonly openedBy: string | null }> {
  const stored = await files.open(file.path);
  if (file.encryption === undefined) return { stream: stored, openedBy: null };
  if (decryptor === null) {
    stored.destroy();
    demandDecryptor(files, decryptor);
    throw new Failure("encryption.no-identity", `Cannot read "${file.path}": it is encrypted`, {
      hint: "Give the secret key with --identity FILE.",
    });
  }
  return decryptor.open(hashed(stored, file), file.path);
}

/** A small file without its encryption, whole, found to be what the manifest says. */
export async function readPlain(
  files: BackupFiles,
  file: ManifestFile,
  decryptor: Decryptor | null,
): Promise<Buffer> {
  const bytes = await files.read(file.path);
  if (!isWhat(bytes, file)) throw mismatch(file);
  if (file.encryption === undefined) return bytes;
  const kept = { ...files, open: async () => Readable.from([bytes], { objectMode: false }) };
  const { stream } = await openPlain(kept, file, decryptor);
  const plain = await readToEnd(stream);
  if (file.content !== null && !isWhat(plain, file.content)) throw mismatch(file);
  return plain;
}

function isWhat(
  bytes: Buffer,
  { sizeBytes, sha256 }: { readonly sizeBytes: number; readonly sha256: string },
): boolean {
  return bytes.length === sizeBytes && createHash("sha256").update(bytes).digest("hex") === sha256;
}

/** What passes is held against the manifest; only then does the stream end. */
function hashed(stored: Readable, file: ManifestFile): Readable {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const through = new Transform({
    highWaterMark: 1024 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      const isSame = sizeBytes === file.sizeBytes && hash.digest("hex") === file.sha256;
      done(isSame ? null : mismatch(file));
    },
  });
  // Whoever reads `through` hears of every error there; the callback only keeps it from being thrown twice.
  pipeline(stored, through, () => undefined);
  return through;
}
