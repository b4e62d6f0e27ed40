import { resolve } from "node:path";
import type { Command } from "commander";
import { Failure } from "../../domain/failure.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import type { Secret } from "../../domain/secret.ts";
import { addExamples, type Bind } from "../command.ts";
import { type Session, type Work, withOperations } from "../session.ts";
import { deliverKey } from "./deliver-key.ts";

/** `keys generate --encryption` */
export function generateIdentity(session: Session): Promise<ExitStatus> {
  const { screen } = session;
  return withOperations(session, "closed", async ({ operations }) => {
    const identity = await operations.generateIdentity();
    screen.document({ keys: { encryption: [identity] } });
    screen.print(
      [
        `The secret key is in ${identity.path}. Jobs refuse to use it until it was exported:`,
        "  codex-backup keys export --encryption --to FILE",
        "Then name the public one under encrypt.recipients of a job:",
        `  ${identity.recipient}`,
      ].join("\n"),
    );
    return 0;
  });
}

export interface ExportFlags {
  readonly to: string;
  readonly keep?: boolean;
}

/** `keys export --encryption` */
export function exportIdentities(session: Session, { to, keep = false }: ExportFlags): Promise<ExitStatus> {
  const { screen, io } = session;
  if (to === "") throw new Failure("usage.invalid-value", 'Cannot export to "": it is no file');
  return withOperations(session, "closed", async ({ operations, config }) => {
    const recipients = await operations.exportIdentities({
      who: io.userName,
      keep,
      deliver: (identities) => deliver({ ...session, config }, to, identities),
    });
    if (to === "-") {
      screen.complain(
        "It stays here too, and jobs refuse it until you show that it has arrived: codex-backup keys confirm --identity FILE",
      );
      return 0;
    }
    screen.document({ exported: { recipients, to } });
    const here = keep
      ? "It also stays in the state directory: whoever takes this machine can read the backups."
      : "";
    screen.print(
      [
        `The secret key of ${recipients.join(", ")} is in ${to}. Move it to where this machine and the backups are not.`,
        "Without it nobody can restore: try it with codex-backup verify --identity FILE.",
        here,
      ]
        .filter((line) => line !== "")
        .join("\n"),
    );
    return 0;
  });
}

async function deliver(
  { config, ...session }: Session & Pick<Work, "config">,
  to: string,
  identities: Secret,
) {
  const secretKey = identities.reveal();
  await deliverKey(session, config, {
    to,
    text: secretKey,
    document: { exported: { to, secretKey } },
    warning: "This is the secret key: whoever has it can read the backups.",
  });
  return to === "-" ? "sent" : "kept";
}

interface ConfirmFlags {
  readonly identity: string;
}

/** `keys confirm` */
export function registerConfirm(group: Command, bind: Bind): void {
  const command = group
    .command("confirm")
    .description(
      "Shows that you hold the secret key of a recipient that was made elsewhere: it opens what is encrypted just now. Nothing of it is kept.",
    )
    .requiredOption(
      "--identity <file>",
      "the secret key, a file as age-keygen writes it; /dev/stdin reads a pipe",
    );
  addExamples(command, [
    ["codex-backup keys confirm --identity /media/safe/key.txt", "from then on jobs may encrypt for it"],
    ["ssh safe cat key.txt | codex-backup keys confirm --identity /dev/stdin", "it never touches this disk"],
  ]);
  bind<ConfirmFlags>(command, (_words, flags) => (session) => confirm(session, flags));
}

function confirm(session: Session, { identity }: ConfirmFlags): Promise<ExitStatus> {
  const { screen, io } = session;
  return withOperations(session, "closed", async ({ operations }) => {
    const confirmed = await operations.confirmIdentity({
      identity: resolve(io.cwd, identity),
      who: io.userName,
    });
    screen.document({ confirmed });
    screen.print(`Held by you: the secret key of ${confirmed.join(", ")}. Jobs may encrypt for it.`);
    return 0;
  });
}
