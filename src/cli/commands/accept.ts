import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderMarked } from "../render/marked.ts";
import { type Session, withOperations } from "../session.ts";

export function registerAccept(parent: Command, bind: Bind): void {
  const command = parent
    .command("accept")
    .description(
      "Says that a suspect backup is as it should be. Pruning goes on, and later ones are compared with it.",
    )
    .argument("<backup>", "its name, or JOB/NAME")
    .requiredOption("--why <reason>", "put down beside it");
  addExamples(command, [
    [
      'codex-backup accept codexdb_2026-11-23 --why "old events were purged"',
      "it is what may be expected now",
    ],
  ]);
  bind<{ readonly why: string }>(
    command,
    ([backup = ""], { why }) =>
      (session) =>
        accept(session, backup, why),
  );
}

function accept(session: Session, backup: string, why: string): Promise<ExitStatus> {
  return withOperations(session, "closed", async ({ operations }) => {
    const accept = await operations.accept({ backup, who: session.io.userName, why });
    session.screen.document({ accept });
    return renderMarked(session.screen, "accepted", accept);
  });
}
