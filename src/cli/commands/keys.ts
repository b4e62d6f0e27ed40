import type { Command } from "commander";
import { Failure } from "../../domain/failure.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import type { ExportedKey } from "../../domain/signatures/signing-key.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderSigningKeys } from "../render/keys.ts";
import { type Session, withOperations } from "../session.ts";

export function registerKeys(parent: Command, bind: Bind): void {
  const group = parent
    .command("keys")
    .description("The key that signs backups, and those whose signatures count.");
  registerGenerate(group, bind);
  const show = group
    .command("show")
    .description("Public keys, and whether ours was exported; never a secret.");
  addExamples(show, [["codex-backup keys show", "what minisign -P needs to check a backup"]]);
  bind(show, () => showKeys);
  registerExport(group, bind);
}

function registerGenerate(group: Command, bind: Bind): void {
  const generate = group
    .command("generate")
    .description("Makes the key that every run signs with from then on; never over one that is there.")
    .option("--signing", "the key that signs (default)");
  addExamples(generate, [["codex-backup keys generate", "from the next run on, backups are signed"]]);
  bind(generate, () => generateKey);
}

interface ExportFlags {
  readonly to: string;
}

function registerExport(group: Command, bind: Bind): void {
  const command = group
    .command("export")
    .description("Writes the secret key for a safe place, as a file that minisign reads.")
    .option("--to <file>", "a new file, for you alone; - is the standard output", "-")
    .option("--signing", "the key that signs (default)");
  addExamples(command, [
    ["codex-backup keys export --to /root/signing.key", "move it to where the backups are not"],
    ["codex-backup keys export | ssh safe 'cat > signing.key'", "it never touches this disk again"],
  ]);
  bind<ExportFlags>(command, (_words, flags) => (session) => exportKey(session, flags));
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
    session.screen.document({ keys: { signing } });
    session.screen.print(() => renderSigningKeys(signing));
    return 0;
  });
}

function exportKey(session: Session, { to }: ExportFlags): Promise<ExitStatus> {
  const { screen, io } = session;
  return withOperations(session, "closed", async ({ operations }) => {
    if (to === "") throw new Failure("usage.invalid-value", 'Cannot export to "": it is no file');
    const who = io.userName;
    const { keyId } = await operations.exportSigningKey({ who, deliver: (key) => deliver(session, to, key) });
    if (to === "-") return 0;
    screen.document({ exported: { keyId, to } });
    screen.print(
      `The secret key ${keyId} is in ${to}. Move it to where the backups are not, and remove it here.`,
    );
    return 0;
  });
}

async function deliver({ io, tool, screen }: Session, to: string, key: ExportedKey): Promise<void> {
  const secretKey = key.secretKeyText.reveal();
  if (to !== "-") return tool.createFile(to.startsWith("/") ? to : `${io.cwd}/${to}`, secretKey);
  if (io.stdout.isTerminal)
    screen.warn("This is the secret key: whoever has it can sign backups as this machine does.");
  screen.answer(secretKey, { exported: { keyId: key.keyId, to, secretKey } });
}
