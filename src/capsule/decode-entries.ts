import { hash } from "node:crypto";
import { readSync } from "node:fs";
import { crc32, type InflateRaw, inflateRawSync } from "node:zlib";
import { messageOf } from "../domain/failure.ts";
import { release } from "./release.ts";

/** Where the content of an entry lies in a zip, and what its headers say of it. */
export interface EntrySpan {
  readonly start: number;
  readonly compressedBytes: number;
  readonly sizeBytes: number;
  readonly method: 0 | 8;
  readonly crc32: number;
}

export interface DecodeRequest {
  /** Of the opened zip; descriptors are the process's, so a worker can use its parent's. */
  readonly descriptor: number;
  readonly spans: readonly EntrySpan[];
}

export type DecodedEntry =
  | { readonly kind: "good"; readonly sha256: string }
  | { readonly kind: "damaged"; readonly seen: string };

/** Decodes entries that fit into memory, one after the other. Damage is an answer, not an error. */
export function decodeBatch({ descriptor, spans }: DecodeRequest): readonly DecodedEntry[] {
  return spans.map((span) => {
    const content = decodeSpan(descriptor, span);
    if (typeof content === "string") return { kind: "damaged", seen: content };
    const sha256 = hash("sha256", content, "hex");
    release(content);
    return { kind: "good", sha256 };
  });
}

/** The content, its size and CRC being as the headers say; else a text that says what was seen. */
export function decodeSpan(descriptor: number, span: EntrySpan): Buffer | string {
  try {
    const packed = readSpan(descriptor, span);
    if (packed === null) return "the zip ends within it";
    const content = span.method === 0 ? packed : inflateExactly(packed, span.sizeBytes);
    if (content !== packed) release(packed);
    if (typeof content === "string") return content;
    if (content.length !== span.sizeBytes) return `${content.length} bytes instead of ${span.sizeBytes}`;
    return crc32(content) === span.crc32 ? content : "its CRC is another one";
  } catch (error) {
    return messageOf(error); // zlib's account of the damage, or the disk's
  }
}

function readSpan(descriptor: number, { start, compressedBytes }: EntrySpan): Buffer | null {
  const packed = Buffer.allocUnsafe(compressedBytes);
  let done = 0;
  while (done < compressedBytes) {
    const count = readSync(descriptor, packed, done, compressedBytes - done, start + done);
    if (count === 0) return null;
    done += count;
  }
  return packed;
}

/** Never gives more than `sizeBytes`, whatever a hostile stream would unfold to, and leaves no input over. */
function inflateExactly(packed: Buffer, sizeBytes: number): Buffer | string {
  const inflated: unknown = inflateRawSync(packed, {
    info: true,
    chunkSize: Math.max(64, sizeBytes),
    maxOutputLength: Math.max(1, sizeBytes),
  });
  // What `info: true` gives by Node's documentation; its types leave this form out.
  const { buffer, engine } = inflated as { readonly buffer: Buffer; readonly engine: InflateRaw };
  const left = packed.length - engine.bytesWritten;
  return left === 0 ? buffer : `${left} bytes are left over after its content`;
}
