import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderMarked } from "../render/marked.ts";
import { type Session, withOperations } from "../session.ts";

export function registerHold(parent: Command, bind: Bind): void {
  const command = parent
    .command("hold")
    .description("Protects a backup from retention, until it is released.")
    .argument("<backup>", "its name, or JOB/NAME")
    .option("--why <reason>", "put down beside it", "");
  addExamples(command, [
    ['codex-backup hold codexdb_2026-11-23 --why "before the migration"', "kept, whatever policy says"],
  ]);
  bind<{ readonly why: string }>(
    command,
    ([backup = ""], { why }) =>
      (session) =>
        hold(session, backup, why),
  );
}

function hold(session: Session, backup: string, why: string): Promise<ExitStatus> {
  return withOperations(session, "destinations", async ({ operations }) => {
    const hold = await operations.hold({ backup, who: session.io.userName, why });
    session.screen.document({ hold });
    return renderMarked(session.screen, "held", hold);
  });
}
