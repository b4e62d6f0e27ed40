/** One line of a file that `sha256sum -c` reads. */
export interface ChecksumLine {
  /** Relative to the file's own directory. */
  readonly path: string;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

/**
 * `HASH  PATH\n`; a path with a backslash, newline or carriage return is escaped and the line starts with
 * a backslash, as coreutils documents for sha256sum.
 */
export function formatChecksumLine(line: ChecksumLine): string {
  const escaped = line.path.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  const mark = escaped === line.path ? "" : "\\";
  return `${mark}${line.sha256}  ${escaped}\n`;
}

/** Reads one line without its newline, text (`  `) and binary (` *`) mode alike; null when it is no such line. */
export function parseChecksumLine(text: string): ChecksumLine | null {
  const found = /^(\\?)([0-9a-fA-F]{64}) [ *](.+)$/s.exec(text);
  if (!found) return null;
  const [, mark, hash, name] = found;
  if (hash === undefined || name === undefined) return null;
  const path = mark === "\\" ? name.replace(/\\(n|r|\\)/g, unescapeOne) : name;
  return { path, sha256: hash.toLowerCase() };
}

function unescapeOne(_all: string, letter: string): string {
  return letter === "n" ? "\n" : letter === "r" ? "\r" : "\\";
}
