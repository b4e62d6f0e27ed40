import { z } from "zod";
import { parseBlackout } from "../../domain/slots/blackout.ts";
import { count, duration } from "./scalar.ts";

export type SchedulerSettings = z.output<typeof scheduler>;

/** `scheduler`: how `serve` starts runs. */
export const scheduler = z.strictObject({
  concurrency: count(1)
    .default(2)
    .describe("So many runs at once at most; those on one database server follow each other anyway"),
  drain: duration
    .prefault("10m")
    .describe("When `serve` is asked to end: so long it waits for runs, then it asks them to end too"),
});

const windowAllowed = 'hours such as "08:00-18:00", "Mon-Fri 08:00-18:00" or "Sat,Sun 22:00-04:00"';

const blackoutWindow = z.string({ error: () => windowAllowed }).transform((text, context) => {
  const window = parseBlackout(text);
  if (window !== null) return window;
  context.addIssue({ code: "custom", message: windowAllowed });
  return z.NEVER;
});

/** Keys of every job about slots that are not simply run in time. */
export const dueKeys = {
  catchUp: z
    .enum(["once", "none"])
    .default("once")
    .describe("After a time in which nothing ran: the newest due slot is run once, or none is"),
  blackout: z
    .array(blackoutWindow)
    .default([])
    .describe("Hours in the job's zone in which no run is started; a slot inside is skipped and recorded"),
  jitter: duration
    .optional()
    .describe("Starts later by up to this, always by the same for a slot and host; default: at once"),
};
