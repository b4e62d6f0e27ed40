import { z } from "zod";
import { count, size } from "./scalar.ts";

export type KeepSettings = z.output<typeof keep>;

const keepCount = count(1);

/** What is kept: of a job, or at a destination. */
export const keep = z.strictObject({
  days: keepCount.optional().describe("Everything of the last so many days"),
  last: keepCount.optional().describe("The last so many"),
  hourly: keepCount.optional().describe("One an hour, for so many hours that have one"),
  daily: keepCount.optional().describe("One a day, for so many days that have one"),
  weekly: keepCount.optional().describe("One a week, for so many weeks that have one"),
  monthly: keepCount.optional().describe("One a month, for so many months that have one"),
  yearly: keepCount.optional().describe("One a year, for so many years that have one"),
  size: size
    .optional()
    .describe(
      "At most so much of what the other rules want (with none: of everything), newest first, for each job and destination; databases of one job share it",
    ),
  minimum: keepCount
    .default(3)
    .describe("The newest good backups that are never removed, whatever the rest says"),
});
