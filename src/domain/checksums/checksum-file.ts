import { type ChecksumLine, formatChecksumLine, parseChecksumLine } from "./checksum-line.ts";

/**
 * A whole file that `sha256sum -c` reads. Texts here are *byte strings* (one character per byte, as
 * "latin1" decodes them), so that names which are not UTF-8 survive a rewrite unharmed.
 */
export interface ChecksumFile {
  readonly rows: readonly ChecksumRow[];
  /** Numbers (from 1) of lines that are neither entries, comments nor blank. */
  readonly malformed: readonly number[];
}

export interface ChecksumRow {
  /** The line as it will be written, with its newline. */
  readonly raw: string;
  /** Null for comments and blank lines, which are kept. */
  readonly line: ChecksumLine | null;
}

/**
 * Reads the file of `directory` (absolute). A missing last newline and CRLF are tolerated. An entry whose path
 * leads into this very directory, absolute or as seen from one of its parents (what the old cron line
 * `sha256sum storage/replays/*.zip` wrote), counts for the bare name and is written so from now on: the
 * path changes, the hash never does.
 */
export function parseChecksumFile(bytes: string, directory: string): ChecksumFile {
  const lines = bytes.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const rows = lines.map((line) => parseRow(line, directory));
  return {
    rows: rows.filter((row) => row !== null),
    malformed: rows.flatMap((row, index) => (row === null ? [index + 1] : [])),
  };
}

function parseRow(text: string, directory: string): ChecksumRow | null {
  const bare = text.endsWith("\r") ? text.slice(0, -1) : text;
  if (bare === "" || bare.startsWith("#")) return { raw: `${bare}\n`, line: null };
  const found = parseChecksumLine(bare);
  if (found === null) return null;
  const name = nameWithin(found.path, toByteString(directory));
  if (name === null) return { raw: `${bare}\n`, line: { ...found, path: fromByteString(found.path) } };
  return rowOf({ path: fromByteString(name), sha256: found.sha256 }, name);
}

/** The bare name when `path` leads into `directory`; null when it is one already, or leads elsewhere. */
function nameWithin(path: string, directory: string): string | null {
  const cut = path.lastIndexOf("/");
  if (cut < 0) return null;
  const parent = path.slice(0, cut).replace(/^(\.\/+)+/, "");
  const leadsHere =
    parent === "." || parent === directory || (!path.startsWith("/") && directory.endsWith(`/${parent}`));
  return leadsHere && cut + 1 < path.length ? path.slice(cut + 1) : null;
}

/** The file's bytes as a byte string. */
export function formatChecksumFile(file: ChecksumFile): string {
  return file.rows.map((row) => row.raw).join("");
}

/** In file order, a name as often as it stands there; lines that cannot be read are left out. */
export function entriesOf(file: ChecksumFile): readonly ChecksumLine[] {
  return file.rows.flatMap((row) => (row.line === null ? [] : [row.line]));
}

/**
 * Adds what has no entry yet, at the end and in the order given. `conflicts` are the lines whose name
 * has an entry with another hash: then the caller must write nothing.
 */
export function addEntries(
  file: ChecksumFile,
  lines: readonly ChecksumLine[],
): { readonly file: ChecksumFile; readonly conflicts: readonly ChecksumLine[] } {
  const known = new Map(entriesOf(file).map((line) => [line.path, line.sha256]));
  const conflicts: ChecksumLine[] = [];
  const added: ChecksumRow[] = [];
  for (const line of lines) {
    const hash = known.get(line.path);
    if (hash !== undefined && hash !== line.sha256) conflicts.push(line);
    if (hash !== undefined) continue;
    known.set(line.path, line.sha256);
    added.push(rowOf(line, toByteString(line.path)));
  }
  return { file: { ...file, rows: [...file.rows, ...added] }, conflicts };
}

/** Without every entry of these names; lines that cannot be read stay where they are. */
export function dropEntries(file: ChecksumFile, names: ReadonlySet<string>): ChecksumFile {
  return { ...file, rows: file.rows.filter((row) => row.line === null || !names.has(row.line.path)) };
}

/** Gives the name its new hash where its first entry stands; null when it has none. */
export function replaceEntry(file: ChecksumFile, line: ChecksumLine): ChecksumFile | null {
  const at = file.rows.findIndex((row) => row.line?.path === line.path);
  if (at < 0) return null;
  const others = dropEntries({ ...file, rows: file.rows.slice(at) }, new Set([line.path])).rows;
  return { ...file, rows: [...file.rows.slice(0, at), rowOf(line, toByteString(line.path)), ...others] };
}

function rowOf(line: ChecksumLine, bytePath: string): ChecksumRow {
  return { raw: formatChecksumLine({ path: bytePath, sha256: line.sha256 }), line };
}

/** Text as a byte string of its UTF-8. */
export function toByteString(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: plain ASCII is the same in both
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

/** A byte string read as UTF-8; bytes that are not UTF-8 become U+FFFD, as in Node's directory listings. */
export function fromByteString(bytes: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: plain ASCII is the same in both
  if (/^[\x00-\x7f]*$/.test(bytes)) return bytes;
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    Uint8Array.from(bytes, (letter) => letter.charCodeAt(0)),
  );
}
