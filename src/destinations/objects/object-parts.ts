import type { StorageTraits } from "../../domain/copies/storage-traits.ts";
import type { RemoteDeps } from "../remote-deps.ts";
import type { ObjectStore } from "./object-store.ts";

export interface ObjectSettings {
  /** As the config calls it. */
  readonly name: string;
  /** For people: "s3://bucket/prefix". */
  readonly location: string;
  readonly traits: StorageTraits;
  /** Null: chosen for each file. */
  readonly partBytes: number | null;
  /** So many parts of a file are on their way at once; memory is that and one, times the part. */
  readonly concurrency: number;
}

/** What the steps of an object destination share. */
export interface ObjectParts {
  readonly settings: ObjectSettings;
  readonly store: ObjectStore;
  readonly deps: RemoteDeps;
  readonly known: Known;
}

/** What this process knows and the store does not tell. */
export interface Known {
  /** Whether the store honours conditions; null: not tried yet, then names are looked up. */
  refusesOverwrite: boolean | null;
  /** Files that were published, as keyOf gives them: no leftovers, although their manifest may not be there yet. */
  readonly published: Set<string>;
  /** Handles of uploads that are under way here. */
  readonly uploading: Set<string>;
}

/** One file of one run. */
export function keyOf(name: string, runId: string): string {
  return `${name}\0${runId}`;
}
