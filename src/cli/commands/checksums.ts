import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { type Session, withOperations } from "../session.ts";

interface AcceptFlags {
  readonly why: string;
  readonly destination?: string | null;
}

export function registerChecksums(parent: Command, bind: Bind): void {
  const group = parent.command("checksums").description("The checksums.txt of a directory.");
  const command = group
    .command("accept")
    .description("A file of others was replaced or removed on purpose: its entry follows, this once.")
    .argument("<file>", "its name in checksums.txt")
    .requiredOption("--why <reason>", "put down in the log")
    .option("--destination <name>", "where, if several have such a file");
  addExamples(command, [
    ['codex-backup checksums accept replay_old.zip --why "re-made after the fix"', "no longer a mismatch"],
  ]);
  bind<AcceptFlags>(
    command,
    ([file = ""], flags) =>
      (session) =>
        accept(session, file, flags),
  );
}

function accept(
  session: Session,
  file: string,
  { why, destination = null }: AcceptFlags,
): Promise<ExitStatus> {
  const { screen, io } = session;
  return withOperations(session, "destinations", async ({ operations }) => {
    const accepted = await operations.acceptChecksum({
      file,
      destination,
      who: io.userName,
      why,
      signal: io.signal,
    });
    screen.document({ accepted });
    const after =
      accepted.after === null ? "is gone, its entry was dropped" : `now has the hash ${accepted.after}`;
    screen.print(`${accepted.file} at ${accepted.destination} ${after} (before: ${accepted.before}).`);
    screen.print(`Who and why: codex-backup logs ${accepted.runId}`);
    return 0;
  });
}
