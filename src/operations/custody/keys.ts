import { readFile, realpath } from "node:fs/promises";
import { sep } from "node:path";
import type { Custody, RecipientReport } from "../../domain/encryption/custody.ts";
import { Failure, messageOf } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import { Secret } from "../../domain/secret.ts";
import type { Decryptor } from "../../encryption/encryption.ts";
import { readToEnd } from "../../platform/read-to-end.ts";
import type { Context } from "../context.ts";
import type { ConfirmRequest, ExportRequest, NewIdentity } from "../operation.ts";
import { custodyOf, recipientsOf } from "./custody.ts";
import {
  custodiesHere,
  identitiesHere,
  identityPath,
  keepCustody,
  keepIdentity,
  keysPath,
  readCustody,
  removeIdentity,
} from "./key-store.ts";

/** Recipients of the config, of the keys on this machine and of those that it gave out, in the order of their names. */
export async function listRecipients(context: Context): Promise<readonly RecipientReport[]> {
  const here = new Set(await identitiesHere(context));
  const used = recipientsOf(context);
  const all = [...new Set([...used.keys(), ...here, ...(await custodiesHere(context))])].sort();
  return Promise.all(
    all.map(async (recipient) => ({
      recipient,
      jobs: used.get(recipient) ?? [],
      isHere: here.has(recipient),
      custody: told(await readCustody(context, recipient)),
    })),
  );
}

function told(custody: Custody | null): RecipientReport["custody"] {
  return custody === null ? null : { how: custody.how, at: custody.at, who: custody.who };
}

/** A new key pair in STATE/keys. Jobs use it once its recipient stands in the config and it was exported. */
export async function generateIdentity(context: Context): Promise<NewIdentity> {
  const { text, recipient } = await context.encryption.generate(formatInstant(context.clock.now()));
  return { recipient, path: await keepIdentity(context, recipient, text) };
}

/** Gives out every secret key that lies here. Throws "encryption.identity" when there is none. Returns their recipients. */
export async function exportIdentities(context: Context, request: ExportRequest): Promise<readonly string[]> {
  const recipients = await identitiesHere(context);
  if (recipients.length === 0) {
    throw new Failure(
      "encryption.identity",
      "Cannot export a secret key for decryption: none lies on this machine",
      {
        hint: "Make one with codex-backup keys generate --encryption; one that was exported is removed here unless --keep was said.",
      },
    );
  }
  const texts = await Promise.all(recipients.map((recipient) => readIdentity(context, recipient)));
  const delivered = await request.deliver(new Secret(texts.map((text) => text.reveal()).join("")));
  if (delivered === "sent") return recipients;
  for (const recipient of recipients) {
    await keepCustody(context, custodyOf(context, recipient, { how: "exported", who: request.who }));
    if (!request.keep) await removeIdentity(context, recipient);
  }
  return recipients;
}

async function readIdentity(context: Context, recipient: string): Promise<Secret> {
  const path = identityPath(context, recipient);
  const { recipients } = await context.encryption.openIdentities(path); // a damaged key must not be given out as one
  if (!recipients.includes(recipient)) {
    throw new Failure("encryption.identity", `Cannot export "${path}": it is not the key of ${recipient}`, {
      hint: "Make a new one with codex-backup keys generate --encryption.",
    });
  }
  return new Secret(await readFile(path, "utf8"));
}

/**
 * Somebody holds the secret keys of a file: each opens what was encrypted for its recipient just now. Returns the recipients
 * of the config that this settles. Throws "encryption.identity" when it is none of theirs.
 */
export async function confirmIdentity(
  context: Context,
  { identity, who }: ConfirmRequest,
): Promise<readonly string[]> {
  await demandElsewhere(context, identity);
  const decryptor = await context.encryption.openIdentities(identity);
  const wanted = [...recipientsOf(context).keys()];
  const held = decryptor.recipients.filter((recipient) => wanted.includes(recipient));
  if (held.length === 0) {
    const seen =
      wanted.length === 0 ? "no job is encrypted" : `it is the key of none of ${wanted.join(", ")}`;
    throw new Failure("encryption.identity", `Cannot confirm "${identity}": ${seen}`, {
      hint: "Give the secret key of a recipient that stands under encrypt.",
    });
  }
  for (const recipient of held) {
    await demandOpens(context, decryptor, recipient);
    await keepCustody(context, custodyOf(context, recipient, { how: "confirmed", who }));
  }
  return held;
}

/** The copy in STATE/keys is the one that is lost with this machine: whoever shows it shows nothing. */
async function demandElsewhere(context: Context, identity: string): Promise<void> {
  const [path, keys] = await Promise.all([realPath(identity), realPath(keysPath(context))]);
  if (!path.startsWith(`${keys}${sep}`)) return;
  throw new Failure(
    "encryption.identity",
    `Cannot confirm "${identity}": it is lost together with this machine`,
    {
      hint: "Put it into a safe place with codex-backup keys export --encryption --to FILE.",
    },
  );
}

/** Of a pipe, and of what is not there, the name that was given. */
async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

async function demandOpens(context: Context, decryptor: Decryptor, recipient: string): Promise<void> {
  const probe = context.randomToken(32);
  const encryptor = await context.encryption.encryptor([recipient]);
  encryptor.end(Buffer.from(probe));
  const opened = await decryptor.open(encryptor, "probe");
  const back = await readToEnd(opened.stream).catch((error: unknown) => messageOf(error));
  if (back.toString() === probe) return;
  throw new Failure(
    "encryption.identity",
    `Cannot confirm the key of ${recipient}: it does not open what is encrypted for it`,
    {
      hint: "Give another key.",
    },
  );
}
