import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { givenPath } from "../given-path.ts";
import { renderBackup } from "../render/backup.ts";
import { type Session, withOperations } from "../session.ts";

interface ShowFlags {
  readonly identity?: string | null;
}

export function registerShow(parent: Command, bind: Bind): void {
  const command = parent
    .command("show")
    .description("One backup in full: files, hashes, source, copies, who holds it.")
    .argument("<backup>", "its name, or JOB/NAME")
    .option(
      "--identity <file>",
      "of an encrypted backup: its secret key; then its private part is shown too",
    );
  addExamples(command, [
    ["codex-backup show codexdb_2026-11-23", "files, hashes, tables, copies"],
    ["codex-backup show codexdb_2026-11-23 --identity /media/safe/key.txt", "an encrypted one"],
  ]);
  bind<ShowFlags>(
    command,
    ([backup = ""], flags) =>
      (session) =>
        show(session, backup, flags),
  );
}

function show(session: Session, name: string, { identity = null }: ShowFlags): Promise<ExitStatus> {
  const { screen, tool, io } = session;
  return withOperations(session, "destinations", async ({ operations, config }) => {
    const backup = await operations.show(name, givenPath(io, identity));
    screen.document({ backup });
    screen.print(() => renderBackup(backup, { now: tool.now(), config, paint: screen.paint }));
    return 0;
  });
}
