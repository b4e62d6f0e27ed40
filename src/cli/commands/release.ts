import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderMarked } from "../render/marked.ts";
import { type Session, withOperations } from "../session.ts";

export function registerRelease(parent: Command, bind: Bind): void {
  const command = parent
    .command("release")
    .description("Ends a hold: policy decides about the backup again.")
    .argument("<backup>", "its name, or JOB/NAME");
  addExamples(command, [["codex-backup release codexdb_2026-11-23", "no longer protected"]]);
  bind(
    command,
    ([backup = ""]) =>
      (session) =>
        release(session, backup),
  );
}

function release(session: Session, backup: string): Promise<ExitStatus> {
  return withOperations(session, "destinations", async ({ operations }) => {
    const release = await operations.release({ backup, who: session.io.userName });
    session.screen.document({ release });
    return renderMarked(session.screen, "released", release);
  });
}
