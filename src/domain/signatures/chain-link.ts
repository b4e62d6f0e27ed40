import type { Manifest } from "../backups/manifest.ts";

/** What a signature beside a file is worth. "missing": there is none. */
export type SignatureState =
  | { readonly kind: "good"; readonly keyId: string }
  | { readonly kind: "foreign" | "bad"; readonly keyId: string }
  | { readonly kind: "malformed" | "missing" };

/** What a manifest says of its place among those of its job and database. */
export interface Linked {
  readonly id: string;
  /** Of the manifest's bytes. */
  readonly sha256: string;
  readonly previous: string | null;
  /** Null: it follows none, or was made before manifests told it. */
  readonly previousId: string | null;
  readonly pruned: readonly string[];
  readonly unaccounted: readonly string[];
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly adopted: boolean;
}

/** What the chain needs of a manifest; `sha256` is that of its stored bytes. */
export function linkOf(manifest: Manifest, sha256: string): Linked {
  const { id, previous, previousId = null, pruned, unaccounted = [], startedAt, adopted } = manifest;
  return { id, sha256, previous, previousId, pruned, unaccounted, startedAt, adopted };
}

/** Where the next manifest comes in the chain; the fields are the manifest's own. */
export interface ChainPlace {
  readonly previous: string | null;
  readonly previousId: string | null;
  readonly pruned: readonly string[];
  /** Followed by a manifest that stands, gone, and nothing tells why: the catalog was lost since. */
  readonly unaccounted: readonly string[];
}

/**
 * After the one that nobody follows yet; where there are several (two hosts, a catalog that was put back), the newest.
 * Adopted ones stand outside: what they describe was not made by a run.
 */
export function nextPlace(links: readonly Linked[], pruned: readonly string[]): ChainPlace {
  const made = links.filter((link) => !link.adopted);
  const followed = new Set(made.map((link) => link.previous));
  const heads = made.filter((link) => !followed.has(link.sha256));
  const head = heads.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1))[0] ?? null;
  return {
    previous: head?.sha256 ?? null,
    previousId: head?.id ?? null,
    pruned,
    unaccounted: unexplained(made, new Set(pruned)),
  };
}

/** Ids that manifests follow, that are not there, and of which no manifest says that they were removed. */
function unexplained(links: readonly Linked[], pruned: ReadonlySet<string>): readonly string[] {
  const there = new Set(links.map(({ id }) => id));
  const told = new Set(links.flatMap((link) => [...link.pruned, ...link.unaccounted]));
  const gone = links
    .map(({ previousId }) => previousId)
    .filter((id) => id !== null)
    .filter((id) => !there.has(id) && !told.has(id) && !pruned.has(id));
  return [...new Set(gone)].sort();
}

/**
 * Of a manifest that is removed: what it alone told of others and somebody still needs to know. The next manifest must
 * tell it again, or a backup that policy removed long ago would look like one that was removed by hand. What it noted as
 * gone is noted anew by the next run.
 */
export function toldOn(removed: Linked, others: readonly Linked[]): readonly string[] {
  const followed = new Set(others.map(({ previousId }) => previousId));
  return removed.pruned.filter((id) => followed.has(id));
}
