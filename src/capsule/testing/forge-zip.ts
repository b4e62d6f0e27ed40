import { hash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { crc32, deflateRawSync } from "node:zlib";
import type { CapsuleEntry } from "../../domain/backups/manifest.ts";
import { describeEntry, formatEntryList } from "../entry-list.ts";
import { localHeader, type ZipRecord, zipLimits } from "../zip-layout.ts";
import { createZipWriter } from "../zip-writer.ts";

/** An entry of a forged capsule; consistent in itself unless `lies` says otherwise. */
export interface Forged {
  readonly raw: string;
  readonly kind?: CapsuleEntry["type"];
  readonly content?: string;
  /** What the headers claim, whatever the content is. */
  readonly lies?: Partial<ZipRecord>;
  /** What the list claims. */
  readonly listed?: Partial<CapsuleEntry>;
  readonly isUnlisted?: boolean;
}

const typeBits = { file: 0o100644, directory: 0o040755, symlink: 0o120777 } as const;

/** Writes a capsule that our own writer would never write, with a list that fits it. */
export function forgeCapsule(path: string, forged: readonly Forged[]): void {
  const entries = forged.filter((entry) => !entry.isUnlisted).map(listedAs);
  const list = Buffer.concat([...formatEntryList(entries)]);
  const deflated = deflateRawSync(list);
  const record = recordOf("codex-capsule.json", list, 0o100600);
  const listPart = {
    record: { ...record, method: 8, compressedBytes: deflated.length },
    content: deflated,
  } as const;
  writeZip(path, [...forged.map(partOf), listPart]);
}

/** Writes a zip without an entry list, as another program might. */
export function forgeZip(path: string, forged: readonly Forged[]): void {
  writeZip(path, forged.map(partOf));
}

interface Part {
  readonly record: ZipRecord;
  readonly content: Buffer;
}

function partOf({ raw, kind = "file", content = "", lies }: Forged): Part {
  const bytes = Buffer.from(content);
  return { record: { ...recordOf(raw, bytes, typeBits[kind]), ...lies }, content: bytes };
}

function listedAs({ raw, kind = "file", content = "", listed }: Forged): CapsuleEntry {
  const sha256 = kind === "directory" ? null : hash("sha256", Buffer.from(content));
  const sizeBytes = Buffer.byteLength(content);
  const facts = { raw, kind, sizeBytes, mode: typeBits[kind], modifiedMs: 0, sha256 };
  return { ...describeEntry({ ...facts, state: "stable" }), ...listed };
}

function writeZip(path: string, parts: readonly Part[]): void {
  const zip = createZipWriter(zipLimits);
  const pieces = parts.flatMap(({ record, content }) => {
    const header = localHeader(record, zipLimits);
    zip.add(record, header.length + content.length);
    return [header, content];
  });
  writeFileSync(path, Buffer.concat([...pieces, ...zip.finish()]));
}

function recordOf(raw: string, content: Buffer, mode: number): ZipRecord {
  return {
    raw,
    method: 0,
    crc32: crc32(content),
    compressedBytes: content.length,
    sizeBytes: content.length,
    mode,
    modifiedMs: 0,
    isStreamed: false,
  };
}
