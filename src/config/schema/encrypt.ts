import { z } from "zod";
import { recipientFault } from "../../domain/encryption/recipient.ts";
import { plainText } from "./scalar.ts";

export type EncryptSettingsWritten = z.output<typeof encrypt>;

const recipient = z.string({ error: () => "a recipient of age (age1…)" }).superRefine((text, context) => {
  const fault = recipientFault(text);
  if (fault !== null)
    context.addIssue({ code: "custom", message: `a recipient of age (age1…), but ${fault}` });
});

/** `encrypt`: for whom. */
export const encrypt = z.strictObject({
  recipients: z
    .array(recipient)
    .default([])
    .describe("Public keys of age (age1…); the secret key of any one of them opens the backup"),
  recipientsFile: plainText.optional().describe("A file with further ones, one a line; # begins a comment"),
});
