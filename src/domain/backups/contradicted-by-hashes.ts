import type { ChecksumLine } from "../checksums/checksum-line.ts";

/** Which of these files the lines of a NAME.sha256 know under another hash; of what has no line they say nothing. */
export function contradictedByHashes(
  lines: readonly ChecksumLine[],
  files: readonly ChecksumLine[],
): readonly string[] {
  return files
    .filter(({ path, sha256 }) => lines.some((line) => line.path === path && line.sha256 !== sha256))
    .map(({ path }) => path);
}
