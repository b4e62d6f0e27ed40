import { pipeline } from "node:stream";
import { recipientFault } from "../domain/encryption/recipient.ts";
import { Failure } from "../domain/failure.ts";
import { Secret } from "../domain/secret.ts";
import type { OpenedIdentity } from "./age-header.ts";
import type { Decryptor, Encryption } from "./encryption.ts";

/** The real thing. The library is loaded by the first call, since most commands never need it. */
export function createEncryption(): Encryption {
  return {
    async encryptor(recipients) {
      demandRecipients(recipients);
      const { makeHead } = await import("./age-header.ts");
      const { createPieceEncryptor } = await import("./pieces.ts");
      const { head, key } = await makeHead(recipients);
      const through = createPieceEncryptor(key);
      through.push(head);
      return through;
    },
    async openIdentities(path) {
      const { readIdentities } = await import("./identity-file.ts");
      return createDecryptor(await readIdentities(path));
    },
    async generate(createdAt) {
      const { newIdentity } = await import("./age-header.ts");
      const { identity, recipient } = await newIdentity();
      const lines = [`# created: ${createdAt}`, `# public key: ${recipient}`, identity.reveal()];
      return { text: new Secret(`${lines.join("\n")}\n`), recipient };
    },
  };
}

function demandRecipients(recipients: readonly string[]): void {
  if (recipients.length === 0) {
    throw new Failure("encryption.recipient", "Cannot encrypt: there is no recipient", {
      hint: "Name at least one under encrypt.recipients.",
    });
  }
  for (const recipient of recipients) {
    const fault = recipientFault(recipient);
    if (fault === null) continue;
    throw new Failure("encryption.recipient", `Cannot encrypt for "${recipient.slice(0, 12)}…": ${fault}`, {
      hint: "Name what age-keygen prints as public key (age1…).",
    });
  }
}

function createDecryptor(identities: readonly OpenedIdentity[]): Decryptor {
  const recipients = identities.map(({ recipient }) => recipient);
  return {
    recipients,
    async open(stored, name) {
      const { openHeader, payloadKey } = await import("./age-header.ts");
      const { createPieceDecryptor } = await import("./pieces.ts");
      const { forgedHead, readHead } = await import("./read-head.ts");
      const { header, nonce, payload } = await readHead(stored, name);
      try {
        const opened = await openHeader(header, identities).catch((error: unknown) => {
          throw forgedHead(name, error);
        });
        if (opened === null) throw notForUs(name, recipients);
        const through = createPieceDecryptor(payloadKey(opened.fileKey, nonce), name);
        // Whoever reads `through` hears of every error there; the callback only keeps it from being thrown twice.
        pipeline(payload, through, () => undefined);
        return { stream: through, openedBy: opened.openedBy };
      } catch (error) {
        payload.destroy();
        stored.destroy();
        throw error;
      }
    },
  };
}

function notForUs(name: string, recipients: readonly string[]): Failure {
  const said =
    recipients.length === 1 ? `the key of ${recipients[0]}` : `any of the ${recipients.length} keys given`;
  return new Failure("encryption.no-identity", `Cannot decrypt "${name}": it was not encrypted for ${said}`, {
    hint: 'Give the key of one of its recipients; "codex-backup show" names them.',
  });
}
