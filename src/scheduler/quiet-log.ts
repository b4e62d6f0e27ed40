import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";

/** Says the same thing at most once in a while, whatever happens: a loop must not fill the disk. */
export interface QuietLog {
  /** `key` tells what is the same; how often it was held back stands in the next line. */
  warn(key: string, message: string): void;
}

const pauseMs = 10 * 60_000;
/** More keys than jobs have; beyond them the oldest is forgotten. */
const maxKeys = 1000;

/** Says the same thing at most every ten minutes, and then how often it was held back. */
export function createQuietLog(log: Log, clock: Pick<Clock, "monotonicMs">): QuietLog {
  const said = new Map<string, { readonly atMs: number; readonly heldBack: number }>();
  return {
    warn(key, message) {
      const now = clock.monotonicMs();
      const last = said.get(key);
      if (last !== undefined && now - last.atMs < pauseMs) {
        said.set(key, { ...last, heldBack: last.heldBack + 1 });
        return;
      }
      said.delete(key);
      said.set(key, { atMs: now, heldBack: 0 });
      const [oldest] = said.keys();
      if (said.size > maxKeys && oldest !== undefined) said.delete(oldest);
      const repeated = last?.heldBack ?? 0;
      log.warn(repeated > 0 ? { repeated } : {}, message);
    },
  };
}
