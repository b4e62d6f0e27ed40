import type { Config } from "../config/config.ts";
import type { Operations } from "../operations/operation.ts";
import type { Log } from "../platform/log.ts";
import type { LiveScheduler } from "../scheduler/create-scheduler.ts";
import type { BuiltContext } from "./build-context.ts";
import { httpPart } from "./http-part.ts";
import type { ServePart } from "./serve-part.ts";

/** What one reading of the config has built; replaced as a whole by the next. */
export interface Generation {
  readonly config: Config;
  readonly context: BuiltContext;
  readonly operations: Operations;
}

/** What works beside the scheduler for as long as this config counts. */
export function partsOf(generation: Generation, scheduler: LiveScheduler, log: Log): readonly ServePart[] {
  const { http } = generation.config;
  return [...(http === null ? [] : [httpPart(http, { generation, scheduler, log })])];
}
