import { z } from "zod";
import { parseDuration } from "../duration.ts";
import { Failure } from "../failure.ts";
import { parseJson } from "../json.ts";

const clockStep = z
  .string()
  .regex(/^[+-]/)
  .transform((text, context) => {
    const sizeMs = parseDuration(text.slice(1));
    if (sizeMs !== null) return text.startsWith("-") ? -sizeMs : sizeMs;
    context.addIssue({ code: "custom", message: 'a time with its sign, such as "+365d" or "-1h"' });
    return z.NEVER;
  });

const when = {
  /** 1 is the first 24 hours from now. */
  day: z.int().min(1),
  /** Left out: all jobs. */
  job: z.string().optional(),
};

/** "latest": the newest backup of each chosen job and database at that time. */
const backup = z.string().min(1);

const event = z.union([
  z.strictObject({
    ...when,
    /** The last day of it; default: that day alone. */
    until: z.int().min(1).optional(),
    /** "none": the host is down, so that no run starts and none is recorded. */
    run: z.enum(["failed", "incomplete", "suspect", "none"]),
  }),
  z.strictObject({ day: when.day, clock: clockStep }),
  z.strictObject({ ...when, hold: backup }),
  z.strictObject({ ...when, release: backup }),
  z.strictObject({ ...when, prove: backup }),
]);

/** Something that happens on a day of a simulation; marks and the clock change before the day's runs. */
export type ScriptEvent = Readonly<z.output<typeof event>>;

const example = '{"day": 5, "until": 14, "run": "failed"}';

/**
 * Reads JSON lines; empty lines and lines that begin with # are left out. Throws "usage.invalid-value" naming
 * the line.
 */
export function parseScript(text: string, path: string): readonly ScriptEvent[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "" || line.trim().startsWith("#")) return [];
    return [readEvent(line, `${path}:${index + 1}`)];
  });
}

function readEvent(line: string, place: string): ScriptEvent {
  const parsed = event.safeParse(parseJson(line));
  if (parsed.success) return parsed.data;
  throw new Failure("usage.invalid-value", `Cannot read the event at ${place}: ${line.trim()}`, {
    hint: `Write one JSON object with a day and one of run, clock, hold, release, prove, such as ${example}.`,
  });
}
