import { z } from "zod";
import { encrypt } from "./encrypt.ts";
import { plainText } from "./scalar.ts";

export type ConfigCopyWritten = z.output<typeof configCopy>;

/** `configCopy`: where the file itself is kept, and for whom. */
export const configCopy = z.strictObject({
  ...encrypt.shape,
  to: z
    .array(plainText)
    .optional()
    .describe("Names of the destinations that keep it; default: all that can be written to"),
});
