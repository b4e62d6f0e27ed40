import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderBackup } from "../render/backup.ts";
import { type Session, withOperations } from "../session.ts";

export function registerShow(parent: Command, bind: Bind): void {
  const command = parent
    .command("show")
    .description("One backup in full: files, hashes, source, copies, who holds it.")
    .argument("<backup>", "its name, or JOB/NAME");
  addExamples(command, [["codex-backup show codexdb_2026-11-23", "files, hashes, tables, copies"]]);
  bind(
    command,
    ([backup = ""]) =>
      (session) =>
        show(session, backup),
  );
}

function show(session: Session, name: string): Promise<ExitStatus> {
  const { screen, tool } = session;
  return withOperations(session, "closed", async ({ operations, config }) => {
    const backup = await operations.show(name);
    screen.document({ backup });
    screen.print(() => renderBackup(backup, { now: tool.now(), config, paint: screen.paint }));
    return 0;
  });
}
