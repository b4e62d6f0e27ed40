import type { DirectoryChecksums } from "../../src/destinations/destination.ts";
import {
  addEntries,
  type ChecksumFile,
  dropEntries,
  entriesOf,
  formatChecksumFile,
  parseChecksumFile,
  replaceEntry,
} from "../../src/domain/checksums/checksum-file.ts";
import { Failure } from "../../src/domain/failure.ts";

/** Where the text of the file is kept (a byte string). */
export interface ChecksumText {
  read(): string;
  write(text: string): void;
}

/** DirectoryChecksums over a text in memory. */
export function createMemoryChecksums(text: ChecksumText): DirectoryChecksums {
  const read = (): ChecksumFile => {
    const file = parseChecksumFile(text.read(), "/memory");
    if (file.malformed.length === 0) return file;
    throw new Failure(
      "checksums.malformed",
      `Cannot read checksums.txt: line ${file.malformed[0]} is no checksum`,
    );
  };
  return {
    async read() {
      const bytes = text.read();
      const file = parseChecksumFile(bytes, "/memory");
      return { exists: bytes !== "", entries: entriesOf(file), malformed: file.malformed };
    },
    entries: async () => entriesOf(read()),
    async add(lines) {
      const { file, conflicts } = addEntries(read(), lines);
      if (conflicts[0])
        throw new Failure("checksums.mismatch", `Cannot add "${conflicts[0].path}": another hash`);
      text.write(formatChecksumFile(file));
    },
    async drop(names) {
      text.write(formatChecksumFile(dropEntries(read(), new Set(names))));
    },
    async replace(line) {
      const file = replaceEntry(read(), line);
      if (file === null)
        throw new Failure("checksums.unknown-file", `Cannot accept "${line.path}": no entry`);
      text.write(formatChecksumFile(file));
    },
  };
}
