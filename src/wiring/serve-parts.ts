import type { Config } from "../config/config.ts";
import type { Operations } from "../operations/operation.ts";
import type { Log } from "../platform/log.ts";
import type { LiveScheduler } from "../scheduler/create-scheduler.ts";
import type { BuiltContext } from "./build-context.ts";
import { catalogPart } from "./catalog-part.ts";
import { httpPart } from "./http-part.ts";
import type { ServePart } from "./serve-part.ts";

/** What one reading of the config has built; replaced as a whole by the next. */
export interface Generation {
  readonly config: Config;
  readonly context: BuiltContext;
  readonly operations: Operations;
}

export interface Beside {
  readonly scheduler: LiveScheduler;
  readonly log: Log;
  /** The catalog lies there no more, or another one does. */
  readonly onReplaced: () => void;
}

/** What works beside the scheduler for as long as this config counts. */
export function partsOf(generation: Generation, beside: Beside): readonly ServePart[] {
  const { scheduler, log, onReplaced } = beside;
  const { http, alerts, pings, statePath } = generation.config;
  return [
    catalogPart({ statePath, clock: generation.context.clock, log, onReplaced }),
    ...(http === null ? [] : [httpPart(http, { generation, scheduler, log })]),
    ...(alerts === null && pings === null ? [] : [watchPart(generation)]),
  ];
}

/** A slot that nobody has run is told within this, and a message that could not be delivered goes out again. */
const watchIntervalMs = 60_000;

/** Tells of what is stale or missed, and delivers what waits. */
function watchPart({ operations }: Generation): ServePart {
  return {
    name: "watch",
    async work(signal) {
      const onLook = () => undefined;
      await operations.watch({
        once: false,
        intervalMs: watchIntervalMs,
        maxDeliveryMs: 30_000,
        onLook,
        signal,
      });
    },
  };
}
