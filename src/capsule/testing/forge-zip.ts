import { hash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { crc32, deflateRawSync } from "node:zlib";
import type { CapsuleEntry } from "../../domain/manifest.ts";
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
  const zip = createZipWriter(zipLimits);
  const parts: Buffer[] = [];
  const put = (record: ZipRecord, content: Buffer) => {
    const header = localHeader(record, zipLimits);
    parts.push(header, content);
    zip.add(record, header.length + content.length);
  };
  const entries: CapsuleEntry[] = [];
  for (const entry of forged) {
    const kind = entry.kind ?? "file";
    const content = Buffer.from(entry.content ?? "");
    put({ ...recordOf(entry.raw, content, typeBits[kind]), ...entry.lies }, content);
    const sha256 = kind === "directory" ? null : hash("sha256", content);
    const facts = { raw: entry.raw, kind, sizeBytes: content.length, mode: typeBits[kind], modifiedMs: 0 };
    if (!entry.isUnlisted)
      entries.push({ ...describeEntry({ ...facts, sha256, state: "stable" }), ...entry.listed });
  }
  const list = Buffer.concat([...formatEntryList(entries)]);
  const deflated = deflateRawSync(list);
  const record = recordOf("codex-capsule.json", list, 0o100600);
  put({ ...record, method: 8, compressedBytes: deflated.length }, deflated);
  writeFileSync(path, Buffer.concat([...parts, ...zip.finish()]));
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
