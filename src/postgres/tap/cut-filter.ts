import type { DumpEvent } from "./dump-events.ts";
import { EntryCounter } from "./entry-counter.ts";

/** What of a dump is to be restored, by the numbers that its survey gave. */
export interface KeptEntries {
  readonly entries: ReadonlySet<number>;
  readonly settings: ReadonlySet<number>;
}

/** Lets the kept objects through, and always the session's own settings and psql's commands. Asked of each event once. */
export function createCutFilter(kept: KeptEntries): (event: DumpEvent) => boolean {
  const counter = new EntryCounter();
  return (event) => {
    if (counter.count(event) === "setting") return kept.settings.has(counter.settings);
    if (event.kind === "meta" || event.kind === "space") return true;
    return counter.ordinal === 0 || kept.entries.has(counter.ordinal);
  };
}
