import type { KeptEntries } from "../../domain/restores/table-choice.ts";
import type { DumpEvent } from "./dump-events.ts";
import { EntryCounter } from "./entry-counter.ts";

/** Lets the kept objects through, and always the session's own settings and psql's commands. Asked of each event once. */
export function createCutFilter(kept: KeptEntries): (event: DumpEvent) => boolean {
  const counter = new EntryCounter();
  return (event) => {
    if (counter.count(event) === "setting") return kept.settings.has(counter.settings);
    if (event.kind === "meta" || event.kind === "space") return true;
    return counter.ordinal === 0 || kept.entries.has(counter.ordinal);
  };
}
