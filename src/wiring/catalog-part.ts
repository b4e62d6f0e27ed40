import { statSync } from "node:fs";
import { join } from "node:path";
import { type Clock, sleep } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { ServePart } from "./serve-part.ts";

const lookEveryMs = 5_000;
/** When it could not be opened anew. */
const againAfterMs = 60_000;

export interface CatalogPartParts {
  readonly statePath: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The catalog that is open is not the one that runs and commands use: these parts are to be begun anew. */
  readonly onReplaced: () => void;
}

/**
 * Looks whether the catalog that is open still lies where runs open it. One that was removed, restored from
 * elsewhere, or moved aside by a run because it was damaged, stays open here, and says for ever what it said then.
 */
export function catalogPart({ statePath, clock, log, onReplaced }: CatalogPartParts): ServePart {
  const path = join(statePath, "catalog.db");
  const opened = identityOf(path);
  return {
    name: "catalog",
    async work(signal) {
      for (;;) {
        while (identityOf(path) === opened) await sleep(clock, lookEveryMs, signal);
        log.error({}, "the catalog was removed or replaced: it is opened anew; see codex-backup status");
        onReplaced();
        await sleep(clock, againAfterMs, signal);
      }
    },
  };
}

function identityOf(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}/${found.ino}`;
}
