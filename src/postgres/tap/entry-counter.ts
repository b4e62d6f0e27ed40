import type { DumpEvent } from "./dump-events.ts";
import { mayBeEntryHeader, readEntryHeader } from "./entry-header.ts";

/** Numbers the objects of a dump, and the settings that stand between them, the same way in each reading. */
export class EntryCounter {
  /** Of the object that the last event belongs to; 0 before the first one. */
  ordinal = 0;
  /** Of settings so far. */
  settings = 0;

  /** What the event is: the comment before the next object, a setting, or something else. */
  count(event: DumpEvent): "header" | "setting" | null {
    if (event.kind === "comment") return this.#comment(event);
    if (event.kind !== "statement" || !isSetting(event.words)) return null;
    this.settings++;
    return "setting";
  }

  #comment(event: Extract<DumpEvent, { readonly kind: "comment" }>): "header" | null {
    if (!event.isWhole || !mayBeEntryHeader(event.bytes)) return null;
    if (readEntryHeader(event.bytes.toString("latin1")) === null) return null;
    this.ordinal++;
    return "header";
  }
}

/** pg_dump writes these where they change, so that they stand under whatever object came before. */
function isSetting([first, second]: readonly string[]): boolean {
  return first === "SET" && (second === "DEFAULT_TABLESPACE" || second === "DEFAULT_TABLE_ACCESS_METHOD");
}
