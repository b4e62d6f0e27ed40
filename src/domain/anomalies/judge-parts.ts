import { describeCount } from "../plain-words.ts";
import type { Anomaly, PastProfile, ProfilePart } from "./anomaly.ts";
import { withoutRotated } from "./rotation.ts";
import { enoughHistory, lowestExpected, usualOf } from "./usual.ts";

/** What the parts of a backup are, and from how many lost on it is worth telling. */
interface PartWords {
  readonly part: string;
  readonly item: string;
  readonly goneKind: "tables" | "folders";
  readonly fewerKind: "rows" | "files";
  readonly lossFloor: number;
}

/**
 * A hundred rows: sessions and queues of that size come and go. Twenty files: a folder of a dozen is cleaned up in
 * one go.
 */
const wordsOf = {
  postgres: { part: "table", item: "row", goneKind: "tables", fewerKind: "rows", lossFloor: 100 },
  capsule: { part: "folder", item: "file", goneKind: "folders", fewerKind: "files", lossFloor: 20 },
} as const satisfies Record<string, PartWords>;

type Parts = ReadonlyMap<string, ProfilePart>;

/** Tables of a dump with their rows, or folders of a capsule with their files. `history`: newest first. */
export function judgeParts(
  kind: keyof typeof wordsOf,
  found: readonly ProfilePart[] | null,
  history: readonly PastProfile[],
): readonly Anomaly[] {
  const past = history.flatMap(({ profile, isAccepted }) =>
    profile.parts === null ? [] : [{ parts: byName(profile.parts), isAccepted }],
  );
  if (found === null || past.length === 0) return [];
  const words: PartWords = wordsOf[kind];
  const now = byName(found);
  return [...judgeGone(words, now, past), ...judgeFewer(words, now, past)];
}

interface PastParts {
  readonly parts: Parts;
  readonly isAccepted: boolean;
}

/**
 * What each of the newest three had, and with something in it: a table that came and went does not count, and after
 * an accepted backup without it, it is no longer missed. With less history more than half must be gone.
 */
function judgeGone(words: PartWords, now: Parts, past: readonly PastParts[]): readonly Anomaly[] {
  const newest = past.slice(0, enoughHistory);
  const [last, ...before] = newest;
  const usual = [...(last?.parts.values() ?? [])].filter(
    ({ name, count }) => count > 0 && before.every(({ parts }) => parts.has(name)),
  );
  const missing = usual.filter(({ name }) => !now.has(name)).map(({ name }) => name);
  const gone = withoutRotated(
    missing,
    usual.map(({ name }) => name),
  );
  const isGross = missing.length * 2 > usual.length;
  if (gone.length === 0 || (past.length < enoughHistory && !isGross)) return [];
  const [verb, noun] = gone.length === 1 ? ["is", words.part] : ["are", `${words.part}s`];
  return [{ kind: words.goneKind, message: `${noun} ${listed(gone)} ${verb} gone` }];
}

function judgeFewer(words: PartWords, now: Parts, past: readonly PastParts[]): readonly Anomaly[] {
  if (past.length < enoughHistory) return [];
  const fewer = [...now.values()].flatMap((part) => {
    const usual = usualIfFewer(words, part, past);
    return usual === null ? [] : [{ ...part, usual, lost: usual - part.count }];
  });
  if (fewer.length === 0) return [];
  const told = fewer
    .toSorted((a, b) => b.lost - a.lost)
    .map(({ name, count, usual }) => `${name} has ${describeCount(count, words.item)}, usual are ${usual}`);
  return [{ kind: words.fewerKind, message: listed(told, "; ") }];
}

/** Null while the part has about as many as it should, or is too new or too small to tell. */
function usualIfFewer(
  words: PartWords,
  { name, count }: ProfilePart,
  past: readonly PastParts[],
): number | null {
  const counts = past.flatMap(({ parts, isAccepted }) => {
    const part = parts.get(name);
    return part === undefined ? [] : [{ value: part.count, isAccepted }];
  });
  if (counts.length < enoughHistory) return null;
  const values = counts.map(({ value }) => value);
  const accepted = counts.flatMap(({ value, isAccepted }) => (isAccepted ? [value] : []));
  const usual = usualOf({ values, accepted });
  const isFewer = count < lowestExpected({ values, accepted }) && usual - count >= words.lossFloor;
  return isFewer ? usual : null;
}

function byName(parts: readonly ProfilePart[]): Parts {
  return new Map(parts.map((part) => [part.name, part]));
}

/** So many are told by name. */
const namesTold = 5;

function listed(all: readonly string[], separator = ", "): string {
  const more = all.length - namesTold;
  const told = all.slice(0, namesTold).join(separator);
  return more > 0 ? `${told} and ${more} more` : told;
}
