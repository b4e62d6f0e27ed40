import { centralHeader, endRecords, type ZipLimits, type ZipRecord } from "./zip-layout.ts";

/**
 * Keeps the books of a zip that is being written: offsets and the central directory. It never holds content, and
 * takes records as they are, so that one copied from an older zip is as good as a new one.
 */
export interface ZipWriter {
  /** Notes an entry whose header, content and descriptor took `recordBytes` since the one before. */
  add(record: ZipRecord, recordBytes: number): void;
  /** The central directory and the end records, in pieces. */
  finish(): Generator<Buffer>;
}

const pieceHeaders = 1000;

/** Keeps the central directory of a zip while its entries are written elsewhere, in the order of `add`. */
export function createZipWriter(limits: ZipLimits): ZipWriter {
  const headers: Buffer[] = [];
  let offset = 0;
  return {
    add(record, recordBytes) {
      headers.push(centralHeader(record, offset, limits));
      offset += recordBytes;
    },
    *finish() {
      for (let from = 0; from < headers.length; from += pieceHeaders) {
        yield Buffer.concat(headers.slice(from, from + pieceHeaders));
      }
      const sizeBytes = headers.reduce((sum, header) => sum + header.length, 0);
      yield endRecords({ entries: headers.length, offset, sizeBytes }, limits);
    },
  };
}
