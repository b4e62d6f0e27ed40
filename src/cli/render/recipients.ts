import type { RecipientReport } from "../../domain/encryption/custody.ts";

/** Whom backups are encrypted for, and who is known to hold the secret key. */
export function renderRecipients(recipients: readonly RecipientReport[]): string {
  if (recipients.length === 0) return "No job is encrypted, and no key for decryption is known here.";
  return recipients.map(lines).join("\n");
}

function lines({ recipient, jobs, isHere, custody }: RecipientReport): string {
  const use = jobs.length === 0 ? "no job encrypts for it" : `of ${jobs.join(", ")}`;
  return [
    `${recipient}  encrypts, ${use}`,
    custody === null
      ? "  nobody is known to hold its secret key: export it, or codex-backup keys confirm --identity FILE"
      : `  its secret key was ${describe(custody)}`,
    ...(isHere && custody !== null
      ? ["  it still lies on this machine, which can then read its own backups"]
      : []),
  ].join("\n");
}

function describe({ how, at, who }: NonNullable<RecipientReport["custody"]>): string {
  if (how === "seen") return `known when "${who}" was made, as was seen at ${at}`;
  return `${how} at ${at} by ${who}`;
}
