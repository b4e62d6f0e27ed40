import { z } from "zod";
import { publicKeyLine } from "./scalar.ts";

export type SigningSettings = z.output<typeof signing>;

/** `signing`: whose signatures count beside those of this machine's own key. */
export const signing = z.strictObject({
  trusted: z
    .array(publicKeyLine)
    .default([])
    .describe(
      "Public keys of minisign (the second line of a .pub file) whose signatures count as well: of an earlier key, or of another host",
    ),
});
