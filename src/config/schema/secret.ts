import { z } from "zod";
import { plainText } from "./scalar.ts";

/** Where a secret comes from. */
export type SecretSetting = z.output<typeof secret>;

const reference = z.strictObject({
  env: plainText.optional().describe("Name of an environment variable"),
  file: plainText.optional().describe("A file that others cannot read; one line end at its end is dropped"),
  command: z
    .array(plainText)
    .min(1)
    .optional()
    .describe(
      "A program and its arguments, run without a shell for at most 30 seconds; its output is the secret",
    ),
});

/** One of three sources, or the text itself where the config file is private. */
export const secret = z.union([
  z.string({ error: () => "{ env: NAME }, { file: PATH } or { command: [PROGRAM, …] }" }),
  reference.superRefine((sources, context) => {
    if (Object.keys(sources).length === 1) return;
    context.addIssue({ code: "custom", message: "exactly one of env, file, command" });
  }),
]);
