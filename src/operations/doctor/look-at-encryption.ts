import { type EncryptionFacts, judgeEncryption } from "../../domain/doctor/checks/encryption.ts";
import type { Diagnosis } from "../../domain/doctor/finding.ts";
import { describeLackingKey } from "../../domain/encryption/scheduled-key.ts";
import { Failure } from "../../domain/failure.ts";
import type { BackupJob } from "../../domain/jobs/job.ts";
import type { Context } from "../context.ts";
import { holdersOf } from "../custody/custody.ts";
import { identitiesHere, identityPath } from "../custody/key-store.ts";

/** Who holds the keys of a job, and which of them lie here. */
export async function lookAtEncryption(context: Context, job: BackupJob): Promise<readonly Diagnosis[]> {
  const here = await identitiesHere(context);
  const holders = await holdersOf(context, job);
  return judgeEncryption({
    job: job.name,
    recipients: holders.map(({ recipient, custody, seenIn }) => ({
      recipient,
      custody: custody?.how ?? null,
      seenIn,
      keyHere: here.includes(recipient) ? identityPath(context, recipient) : null,
    })),
    identity: await lookAtIdentity(context, job.prove.identityFile),
    lackingKey: describeLackingKey(job),
  });
}

async function lookAtIdentity(context: Context, path: string | null): Promise<EncryptionFacts["identity"]> {
  if (path === null) return null;
  try {
    const { recipients } = await context.encryption.openIdentities(path);
    return { path, fault: null, recipients };
  } catch (error) {
    if (error instanceof Failure) return { path, fault: error.message, recipients: [] };
    throw error;
  }
}
