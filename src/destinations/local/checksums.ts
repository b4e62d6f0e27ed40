import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  addEntries,
  type ChecksumFile,
  dropEntries,
  entriesOf,
  formatChecksumFile,
  parseChecksumFile,
  replaceEntry,
} from "../../domain/checksums/checksum-file.ts";
import type { ChecksumLine } from "../../domain/checksums/checksum-line.ts";
import { errnoOf, Failure } from "../../domain/failure.ts";
import { replaceFile } from "../../platform/files.ts";
import type { DirectoryChecksums } from "../destination.ts";
import { withDirectoryLock } from "./directory-lock.ts";
import type { LocalParts } from "./settings.ts";
import { translateError, translating } from "./translate.ts";

const checksumsName = "checksums.txt";

/** The directory's checksums.txt. Reading takes no lock: each change is one replacement. */
export function createDirectoryChecksums(parts: LocalParts): DirectoryChecksums {
  const directory = parts.settings.path;
  return {
    read: async () => {
      const { file, bytes } = await readText(directory);
      return { exists: bytes !== null, entries: entriesOf(file), malformed: file.malformed };
    },
    entries: async () => entriesOf((await readChecksums(directory)).file),
    add: (lines) => change(parts, (file) => addOrRefuse(directory, file, lines)),
    drop: (names) => change(parts, (file) => dropEntries(file, new Set(names))),
    replace: (line) => change(parts, (file) => replaceOrRefuse(directory, file, line)),
  };
}

async function change(parts: LocalParts, edit: (file: ChecksumFile) => ChecksumFile): Promise<void> {
  const directory = parts.settings.path;
  const path = join(directory, checksumsName);
  await withDirectoryLock(parts, async () => {
    const { file, bytes } = await readChecksums(directory);
    const edited = edit(file);
    if (edited.rows.length === file.rows.length && edited.rows.every((row, at) => row === file.rows[at]))
      return;
    const text = formatChecksumFile(edited);
    if (text === bytes) return;
    const { file: rights } = await parts.rights();
    await translating({ verb: "replace", path, directory }, () =>
      replaceFile(path, Buffer.from(text, "latin1"), {
        ...rights,
        scratch: join(directory, `.${checksumsName}.new`),
      }),
    );
  });
}

interface ReadChecksums {
  readonly file: ChecksumFile;
  /** As it lies on the disk, one character per byte. */
  readonly bytes: string;
}

async function readText(
  directory: string,
): Promise<Pick<ReadChecksums, "file"> & { readonly bytes: string | null }> {
  const path = join(directory, checksumsName);
  let bytes: string | null = null;
  try {
    bytes = await readFile(path, "latin1");
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw translateError(error, { verb: "read", path, directory });
  }
  return { file: parseChecksumFile(bytes ?? "", directory), bytes };
}

async function readChecksums(directory: string): Promise<ReadChecksums> {
  const path = join(directory, checksumsName);
  const { file, bytes } = await readText(directory);
  const [line] = file.malformed;
  if (line === undefined) return { file, bytes: bytes ?? "" };
  throw new Failure("checksums.malformed", `Cannot read "${path}": line ${line} is no checksum`, {
    hint: `Look at it: sed -n ${line}p "${path}"; take the line out if it is damaged.`,
    context: { line },
  });
}

function addOrRefuse(directory: string, file: ChecksumFile, lines: readonly ChecksumLine[]): ChecksumFile {
  const added = addEntries(file, lines);
  const [conflict] = added.conflicts;
  if (conflict === undefined) return added.file;
  throw new Failure(
    "checksums.mismatch",
    `Cannot add "${conflict.path}" to "${join(directory, checksumsName)}": it stands there with another hash`,
    {
      hint: `Compare the file with its backup; if it was replaced on purpose: codex-backup checksums accept "${conflict.path}".`,
      context: { name: conflict.path, sha256: conflict.sha256 },
    },
  );
}

function replaceOrRefuse(directory: string, file: ChecksumFile, line: ChecksumLine): ChecksumFile {
  const replaced = replaceEntry(file, line);
  if (replaced !== null) return replaced;
  throw new Failure(
    "checksums.unknown-file",
    `Cannot accept "${line.path}": "${join(directory, checksumsName)}" has no entry for it`,
    { hint: `See the names it has: cut -c67- "${join(directory, checksumsName)}".` },
  );
}
