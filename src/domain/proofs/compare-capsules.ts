import type { CapsuleEntry } from "../backups/manifest.ts";
import { type Comparison, formatCount } from "./comparison.ts";

/** An entry as it lies in the directory that a capsule was extracted to. */
export type ExtractedEntry = Omit<CapsuleEntry, "state">;

/**
 * Compares each recorded entry with what was extracted, and the reverse. `isForeign`: another program made the zip,
 * whose modes and times are not kept when it is extracted.
 */
export function compareCapsules(
  recorded: readonly CapsuleEntry[],
  extracted: readonly ExtractedEntry[],
  isForeign: boolean,
): Comparison {
  const before = new Map(recorded.map((entry) => [keyOf(entry), entry]));
  const after = new Map(extracted.map((entry) => [keyOf(entry), entry]));
  const parents = parentsOf(recorded);
  const differences = recorded.flatMap((entry) => {
    const found = after.get(keyOf(entry));
    if (found === undefined) return [`${nounOf(entry)} ${entry.path} is missing`];
    return differencesOf(entry, found, isForeign);
  });
  const others = extracted.filter((entry) => !before.has(keyOf(entry)) && !parents.has(entry.path));
  const reason = "the zip of another program: they are not kept when it is extracted";
  return {
    compared: {
      files: recorded.filter(({ type }) => type === "file").length,
      directories: recorded.filter(({ type }) => type === "directory").length,
      links: recorded.filter(({ type }) => type === "symlink").length,
      bytes: recorded.reduce((sum, { type, sizeBytes }) => sum + (type === "file" ? sizeBytes : 0), 0),
    },
    tables: [],
    differences: [
      ...differences,
      ...others.map((entry) => `${nounOf(entry)} ${entry.path} was not recorded`),
    ],
    unproven: isForeign ? [{ object: "modes and times of files", reason }] : [],
  };
}

/** By the name's own bytes, whether they are text or not; a folder and a file of one name are told as such. */
function keyOf({ path, pathBytes }: Pick<CapsuleEntry, "path" | "pathBytes">): string {
  const name = pathBytes ?? Buffer.from(path).toString("base64");
  return Buffer.from(name, "base64").toString("latin1").replace(/\/$/, "");
}

/** Folders that no entry stands for are made for what is in them. */
function parentsOf(entries: readonly CapsuleEntry[]): ReadonlySet<string> {
  return new Set(
    entries.flatMap(({ path }) => {
      const parts = path.replace(/\/$/, "").split("/");
      return parts.slice(1).map((_, at) => `${parts.slice(0, at + 1).join("/")}/`);
    }),
  );
}

function differencesOf(was: CapsuleEntry, is: ExtractedEntry, isForeign: boolean): readonly string[] {
  const { path } = was;
  if (was.type !== is.type) return [`${path} is a ${nounOf(is)}, recorded a ${nounOf(was)}`];
  if (was.type === "symlink") return was.sha256 === is.sha256 ? [] : [`link ${path} leads elsewhere`];
  return [
    ...(was.type === "file" ? contentDifferences(was, is) : []),
    ...(isForeign ? [] : attributeDifferences(was, is)),
  ];
}

function contentDifferences(was: CapsuleEntry, is: ExtractedEntry): readonly string[] {
  if (was.sizeBytes !== is.sizeBytes) {
    const sizes = `${formatCount(was.sizeBytes)} bytes recorded, ${formatCount(is.sizeBytes)} extracted`;
    return [`file ${was.path} differs (${sizes})`];
  }
  return was.sha256 === is.sha256 ? [] : [`file ${was.path} differs in its content`];
}

function attributeDifferences(was: CapsuleEntry, is: ExtractedEntry): readonly string[] {
  const [mode, restored] = [was.mode, is.mode].map((text) => Number.parseInt(text, 8) & 0o777);
  const noun = nounOf(was);
  return [
    ...(mode === restored ? [] : [`mode of ${noun} ${was.path} is ${is.mode}, recorded ${was.mode}`]),
    ...(was.modifiedAt === is.modifiedAt
      ? []
      : [`time of ${noun} ${was.path} is ${is.modifiedAt}, recorded ${was.modifiedAt}`]),
  ];
}

function nounOf({ type }: Pick<CapsuleEntry, "type">): string {
  return type === "symlink" ? "link" : type;
}
