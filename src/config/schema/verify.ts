import { z } from "zod";
import { parseBudget } from "../../domain/size.ts";
import { cron, duration, meaning } from "./scalar.ts";

export type VerifyWritten = z.output<typeof verify>;

/** `verify`: copies are read again, a part of them each time. */
export const verify = z.strictObject({
  schedule: cron.optional().describe("When copies are read, in the zone above; left out: by hand only"),
  budget: meaning("a size for a day such as 2GB/day or 500 MiB/day, more than nothing", parseBudget)
    .optional()
    .describe("So much is read on a day at most, longest unread first; left out: everything each time"),
  within: duration
    .prefault("30d")
    .describe("Each copy is read at least once in so long; status, doctor and alerts tell when it is not"),
});
