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
    unproven: isForeign ? [foreignAttributes] : unprovenModes(recorded, after),
  };
}

const foreignAttributes = {
  object: "modes and times of files",
  reason: "the zip of another program: they are not kept when it is extracted",
} as const;

/** What the zip holds and no extraction gives back, so that nobody can say of it that it came back. */
function unprovenModes(
  recorded: readonly CapsuleEntry[],
  after: ReadonlyMap<string, ExtractedEntry>,
): Comparison["unproven"] {
  const special = recorded.filter(({ type, mode }) => type !== "symlink" && bitsOf(mode) > 0o777);
  const links = recorded.filter((entry) => {
    const found = after.get(keyOf(entry));
    return entry.type === "symlink" && found?.type === "symlink" && found.mode !== entry.mode;
  });
  return [
    ...unprovenOf(special, "set-user, set-group or sticky bits", "never given back by an extraction"),
    ...unprovenOf(links, "modes", "links have none of their own on this system"),
  ];
}

function unprovenOf(entries: readonly CapsuleEntry[], what: string, reason: string): Comparison["unproven"] {
  const [first] = entries;
  if (first === undefined) return [];
  const others = entries.length - 1;
  const more = others === 0 ? "" : ` and ${formatCount(others)} more`;
  return [{ object: `${what} of ${nounOf(first)} ${first.path}${more}`, reason }];
}

function bitsOf(mode: string): number {
  return Number.parseInt(mode, 8);
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
  return [
    ...contentDifferences(was, is),
    ...(isForeign || was.type === "symlink" ? [] : modeDifferences(was, is)),
    ...(isForeign ? [] : timeDifferences(was, is)),
  ];
}

function contentDifferences(was: CapsuleEntry, is: ExtractedEntry): readonly string[] {
  if (was.type === "directory") return [];
  if (was.type === "symlink") return was.sha256 === is.sha256 ? [] : [`link ${was.path} leads elsewhere`];
  if (was.sizeBytes !== is.sizeBytes) {
    const sizes = `${formatCount(was.sizeBytes)} bytes recorded, ${formatCount(is.sizeBytes)} extracted`;
    return [`file ${was.path} differs (${sizes})`];
  }
  return was.sha256 === is.sha256 ? [] : [`file ${was.path} differs in its content`];
}

/** Of the permission bits; what is unproven of the others, unprovenModes tells. */
function modeDifferences(was: CapsuleEntry, is: ExtractedEntry): readonly string[] {
  if ((bitsOf(was.mode) & 0o777) === bitsOf(is.mode)) return [];
  return [`mode of ${nounOf(was)} ${was.path} is ${is.mode}, recorded ${was.mode}`];
}

function timeDifferences(was: CapsuleEntry, is: ExtractedEntry): readonly string[] {
  if (was.modifiedAt === is.modifiedAt) return [];
  return [`time of ${nounOf(was)} ${was.path} is ${is.modifiedAt}, recorded ${was.modifiedAt}`];
}

function nounOf({ type }: Pick<CapsuleEntry, "type">): string {
  return type === "symlink" ? "link" : type;
}
