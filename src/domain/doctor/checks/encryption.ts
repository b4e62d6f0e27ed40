import { type Diagnosis, diagnose, shellWord } from "../finding.ts";

/** A recipient of a job, and who is known to hold its secret key. */
export interface RecipientLook {
  readonly recipient: string;
  /** Given out here, shown by its holder, or (null) neither. */
  readonly custody: "exported" | "confirmed" | "seen" | null;
  /** An earlier backup that was made for it, where this machine remembers nothing. */
  readonly seenIn: string | null;
  /** Where its secret key lies on this machine, in our own state directory; null: it does not. */
  readonly keyHere: string | null;
}

export interface EncryptionFacts {
  readonly job: string;
  readonly recipients: readonly RecipientLook[];
  /** `prove.identityFile`; null: there is none. */
  readonly identity: {
    readonly path: string;
    /** Why it cannot be used; null: it can. */
    readonly fault: string | null;
    /** The recipients whose keys are in it. */
    readonly recipients: readonly string[];
  } | null;
  /** Why proofs that the job makes by itself have no key; null: they have one, or it makes none. */
  readonly lackingKey: string | null;
}

/** Whether tonight's backup could be read by anybody, and by nobody who takes this machine. */
export function judgeEncryption(facts: EncryptionFacts): readonly Diagnosis[] {
  const { job, recipients, identity, lackingKey } = facts;
  const found = [
    ...recipients.flatMap((look) => judgeRecipient(job, look)),
    ...(identity === null ? [] : [judgeIdentity(facts, identity)]),
    ...(lackingKey === null ? [] : [judgeLacking(job, lackingKey)]),
  ];
  if (found.length > 0) return found;
  const count = recipients.length === 1 ? "its recipient" : `its ${recipients.length} recipients`;
  return [diagnose("encryption.ok", job, `the secret key of ${count} is held outside of this machine`)];
}

const confirm = "codex-backup keys confirm --identity FILE";

function judgeRecipient(
  job: string,
  { recipient, custody, seenIn, keyHere }: RecipientLook,
): readonly Diagnosis[] {
  const toExport = "codex-backup keys export --encryption --to FILE";
  if (custody === null && seenIn === null) {
    const message = `nobody is known to hold the secret key of ${recipient} outside of this machine: its runs refuse`;
    return [
      diagnose("encryption.not-exported", job, {
        message,
        commands: [keyHere === null ? confirm : toExport],
      }),
    ];
  }
  const here =
    keyHere === null
      ? []
      : [
          diagnose("encryption.key-here", job, {
            message: `the secret key of ${recipient} lies on this machine, in "${keyHere}": whoever takes it can read the backups`,
            commands: [toExport],
          }),
        ];
  if (custody === "exported" || custody === "confirmed") return here;
  const message = `that somebody holds the secret key of ${recipient} is only known from earlier backups, since this machine lost its state`;
  return [diagnose("encryption.only-seen", job, { message, commands: [confirm] }), ...here];
}

function judgeLacking(job: string, message: string): Diagnosis {
  const commands = [`codex-backup prove --job ${shellWord(job)} --latest --identity FILE`];
  return diagnose("encryption.identity-missing", job, { message, commands });
}

function judgeIdentity(
  { job, recipients }: EncryptionFacts,
  { path, fault, recipients: held }: NonNullable<EncryptionFacts["identity"]>,
): Diagnosis {
  if (fault !== null)
    return diagnose("encryption.identity-unusable", job, {
      message: fault,
      commands: [`ls -l ${shellWord(path)}`],
    });
  if (!recipients.some(({ recipient }) => held.includes(recipient))) {
    const message = `"${path}" opens none of its backups: it is the key of ${held.join(", ")}`;
    return diagnose("encryption.identity-unusable", job, message);
  }
  const message = `its proofs decrypt with "${path}", so whoever takes this machine can read the backups; prove on another machine, or with --identity, to keep the key away from it`;
  return diagnose("encryption.identity-here", job, message);
}
