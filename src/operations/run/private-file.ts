import { createHash } from "node:crypto";
import { type BackupFile, formatBackupFile } from "../../domain/backups/backup-file.ts";
import type { Manifest } from "../../domain/backups/manifest.ts";
import { formatPrivatePart, publicWarnings } from "../../domain/backups/private-part.ts";
import { Failure } from "../../domain/failure.ts";
import type { BackupJob } from "../../domain/jobs/job.ts";
import type { Context } from "../context.ts";
import type { Delivery, Share } from "../delivery/delivery.ts";
import { encrypting } from "../delivery/encrypting.ts";
import type { Passed } from "../delivery/fan-out.ts";
import { demandEqual, hashStream, weakerSource } from "../delivery/read-back.ts";
import type { Inspected, Known, Produced, ProducedFile, Producer } from "./produce.ts";
import { readBackProgress } from "./read-back-progress.ts";
import type { Watch } from "./watch.ts";

/** What a file of the backup is called at the destinations. */
export function storedName(name: string, file: BackupFile, { encrypt }: Pick<BackupJob, "encrypt">): string {
  return formatBackupFile(name, encrypt === null ? file : { kind: "encrypted", of: file });
}

/** The file that only encrypted backups have. */
export function privateNames(name: string, job: Pick<BackupJob, "encrypt">): readonly string[] {
  return job.encrypt === null ? [] : [storedName(name, { kind: "private" }, job)];
}

/** Of bytes that never passed a stream. */
export function contentOf(bytes: Buffer): Passed {
  return { sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

interface Making {
  readonly job: BackupJob;
  readonly producer: Producer;
  readonly runId: string;
  readonly delivery: Delivery;
  readonly name: string;
  readonly watch: Watch;
}

/**
 * Streams every file to the destinations. Of an encrypted job through the encryptor, and behind them the private part, with all that
 * was found as they streamed: nobody on this host can read them again.
 */
export async function produceFiles(context: Context, making: Making): Promise<Produced> {
  const { job, producer, runId, delivery, name, watch } = making;
  if (job.encrypt === null) return producer.produce(delivery, name, watch);
  const { recipients } = job.encrypt;
  const encryptor = () => context.encryption.encryptor(recipients);
  const sealing = encrypting(delivery, { encryptor, signal: watch.signal });
  const produced = await producer.produce(sealing, name, watch);
  const { known } = produced;
  if (known === undefined)
    throw new Failure("run.internal", `Cannot encrypt "${name}": nobody read it as it streamed`);
  const path = storedName(name, { kind: "private" }, job);
  const bytes = Buffer.from(privateText({ name, runId, produced, known }));
  const passed = await sealing.putFile(path, bytes);
  const file: ProducedFile = {
    path,
    role: "private",
    compression: "none",
    passed,
    content: contentOf(bytes),
  };
  const files = [...produced.files, file];
  return {
    ...produced,
    files,
    inspect: (share, later) => inspectSealed(context, { job, files, known }, { share, watch: later }),
  };
}

interface Said {
  readonly name: string;
  readonly runId: string;
  readonly produced: Produced;
  readonly known: Known;
}

function privateText({ name, runId, produced, known }: Said): string {
  return formatPrivatePart({
    format: "codex-backup-private",
    version: 1,
    backup: name,
    runId,
    files: produced.files.map(({ path, passed, content = passed }) => ({ path, content })),
    postgres: known.postgres,
    capsule: known.capsule,
    warnings: [...produced.warnings, ...known.warnings],
  });
}

interface SealedFiles {
  readonly job: BackupJob;
  readonly files: readonly ProducedFile[];
  readonly known: Known;
}

/** Without a key only the hashes can be looked at; what is inside was seen before it was encrypted. */
async function inspectSealed(
  context: Context,
  { job, files, known }: SealedFiles,
  { share, watch }: { readonly share: Share; readonly watch: Watch },
): Promise<Inspected> {
  let source: Inspected["source"] = "direct";
  for (const file of files) {
    const branch = share.branches.get(file.path);
    if (!branch) throw new Failure("run.internal", `Cannot read "${file.path}" back: it was not written`);
    const opened = await branch.staged.readBack();
    source = weakerSource(source, opened.source);
    const onBytes = readBackProgress(context, { job: job.name, file, watch });
    demandEqual(file.path, file.passed, await hashStream(opened.stream, watch.signal, onBytes));
  }
  const content = new Map(files.map(({ path, passed, content: plain = passed }) => [path, plain]));
  return { ...known, level: "hashed", source, content };
}

/** The part of a manifest that tells what is inside; of an encrypted backup it tells nothing but the stored files. */
export function describeContent(
  { encrypt }: Pick<BackupJob, "encrypt">,
  { files, warnings: produced }: Produced,
  inspected: Inspected,
): Pick<Manifest, "files" | "encryption" | "postgres" | "capsule" | "warnings"> {
  const warnings = [...produced, ...inspected.warnings];
  if (encrypt !== null) {
    return {
      files: files.map(({ path, role, compression, passed }) => {
        return { path, role, compression, ...passed, encryption: "age", content: null };
      }),
      encryption: { recipients: encrypt.recipients },
      postgres: null,
      capsule: null,
      warnings: publicWarnings(warnings),
    };
  }
  return {
    files: files.map(({ path, role, compression, passed }) => {
      return { path, role, compression, ...passed, content: inspected.content.get(path) ?? passed };
    }),
    postgres: inspected.postgres,
    capsule: inspected.capsule,
    warnings,
  };
}
