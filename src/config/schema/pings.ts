import { z } from "zod";
import { plainText } from "./scalar.ts";
import { secret } from "./secret.ts";

export const pings = z.strictObject({
  url: secret
    .optional()
    .describe(
      "Base URL of each job's check, such as https://hc-ping.com/KEY/{job}; /start and /fail are added. { env: NAME }, { file: PATH } or { command: [PROGRAM, …] }",
    ),
  urlFile: plainText.optional().describe("Short for url: { file: PATH }"),
  caFile: plainText
    .optional()
    .describe("PEM file with the authorities to trust, in place of the usual ones; read at each ping"),
});

export type PingsKeys = z.output<typeof pings>;

/** Of a job. */
export const ping = z
  .union([z.literal("none"), secret])
  .describe(
    "Base URL of this job's check: { env: NAME }, { file: PATH } or { command: [PROGRAM, …] }; none for no ping. Default: from pings.url",
  );
