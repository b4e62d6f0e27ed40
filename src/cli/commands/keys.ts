import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { Failure } from "../../domain/failure.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import type { ExportedKey } from "../../domain/signatures/signing-key.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderSigningKeys } from "../render/keys.ts";
import { renderRecipients } from "../render/recipients.ts";
import { type Session, withOperations } from "../session.ts";
import { deliverKey, type SecretText } from "./deliver-key.ts";
import { type ExportFlags, exportIdentities, generateIdentity, registerConfirm } from "./keys-encryption.ts";

export function registerKeys(parent: Command, bind: Bind): void {
  const group = parent
    .command("keys")
    .description("The key that signs backups, those whose signatures count, and the keys that encrypt.");
  registerGenerate(group, bind);
  const show = group
    .command("show")
    .description("Public keys, and whether ours was exported; never a secret.");
  addExamples(show, [["codex-backup keys show", "what minisign -P needs to check a backup"]]);
  bind(show, () => showKeys);
  registerExport(group, bind);
  registerImport(group, bind);
  registerConfirm(group, bind);
}

function registerGenerate(group: Command, bind: Bind): void {
  const generate = group
    .command("generate")
    .description("Makes the key that every run signs with from then on; never over one that is there.")
    .option("--signing", "the key that signs (default)")
    .addOption(new Option("--encryption", "a key pair for encrypted backups").conflicts("signing"));
  addExamples(generate, [
    ["codex-backup keys generate", "from the next run on, backups are signed"],
    ["codex-backup keys generate --encryption", "then export it, and name it under encrypt"],
  ]);
  bind<WhichFlags>(generate, (_words, { encryption = false }) =>
    encryption ? generateIdentity : generateKey,
  );
}

interface WhichFlags {
  readonly encryption?: boolean;
}

function registerExport(group: Command, bind: Bind): void {
  const command = group
    .command("export")
    .description("Writes the secret key for a safe place, as a file that minisign reads.")
    .option("--to <file>", "a new file, for you alone; - is the standard output", "-")
    .option("--signing", "the key that signs (default)")
    .addOption(
      new Option(
        "--encryption",
        "the keys that decrypt; once they are in a file, they are removed here",
      ).conflicts("signing"),
    )
    .option("--keep", "with --encryption: they stay on this machine as well");
  addExamples(command, [
    ["codex-backup keys export --to /root/signing.key", "move it to where the backups are not"],
    ["codex-backup keys export --encryption --to /media/safe/key.txt", "what a restore will need"],
    ["codex-backup keys export", "on the standard output, for a pipe to another machine"],
  ]);
  bind<ExportFlags & WhichFlags>(
    command,
    (_words, flags) => (session) =>
      flags.encryption === true ? exportIdentities(session, flags) : exportKey(session, flags),
  );
}

interface ImportFlags {
  readonly from: string;
}

function registerImport(group: Command, bind: Bind): void {
  const command = group
    .command("import")
    .description(
      "Takes the exported signing key in again, on a new machine or after a loss; where it is here, notes that its export exists.",
    )
    .requiredOption("--from <file>", "what keys export wrote");
  addExamples(command, [
    ["codex-backup keys import --from /media/safe/signing.key", "backups are signed by it again"],
  ]);
  bind<ImportFlags>(
    command,
    (_words, { from }) =>
      (session) =>
        importKey(session, from),
  );
}

function importKey(session: Session, from: string): Promise<ExitStatus> {
  const { screen, io } = session;
  return withOperations(session, "closed", async ({ operations }) => {
    const wish = { from: resolve(io.cwd, from), who: io.userName };
    const key = await operations.importSigningKey(wish);
    screen.document({ keys: { signing: [key] } });
    screen.print(`Backups are signed by key ${key.keyId}, whose export exists.`);
    return 0;
  });
}

function generateKey(session: Session): Promise<ExitStatus> {
  const { screen } = session;
  return withOperations(session, "closed", async ({ operations }) => {
    const key = await operations.generateSigningKey();
    screen.document({ keys: { signing: [key] } });
    screen.print(
      [
        `Backups are signed from the next run on, by key ${key.keyId}.`,
        `  Check one with: minisign -V -P ${key.text} -m NAME.manifest.json`,
        "  Export it now, to where the backups are not: codex-backup keys export --to FILE",
      ].join("\n"),
    );
    return 0;
  });
}

function showKeys(session: Session): Promise<ExitStatus> {
  return withOperations(session, "closed", async ({ operations }) => {
    const signing = await operations.listSigningKeys();
    const encryption = await operations.listRecipients();
    session.screen.document({ keys: { signing, encryption } });
    session.screen.print(() => [renderSigningKeys(signing), renderRecipients(encryption)].join("\n"));
    return 0;
  });
}

function exportKey(session: Session, { to }: ExportFlags): Promise<ExitStatus> {
  const { screen, io } = session;
  return withOperations(session, "closed", async ({ operations, config }) => {
    if (to === "") throw new Failure("usage.invalid-value", 'Cannot export to "": it is no file');
    const who = io.userName;
    const deliver = (key: ExportedKey) => deliverKey(session, config, secretOf(to, key));
    const { keyId } = await operations.exportSigningKey({ who, deliver });
    if (to === "-") return 0;
    screen.document({ exported: { keyId, to } });
    screen.print(
      `The secret key ${keyId} is in ${to}. Move it to where the backups are not, and remove it here.`,
    );
    return 0;
  });
}

function secretOf(to: string, { keyId, secretKeyText }: ExportedKey): SecretText {
  const secretKey = secretKeyText.reveal();
  return {
    to,
    text: secretKey,
    document: { exported: { keyId, to, secretKey } },
    warning: "This is the secret key: whoever has it can sign backups as this machine does.",
  };
}
