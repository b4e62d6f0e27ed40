import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderBackups } from "../render/backups.ts";
import { type Session, withOperations } from "../session.ts";
import { countOf } from "../values.ts";

interface ListFlags {
  readonly job?: string | null;
  readonly limit?: number | null;
}

export function registerList(parent: Command, bind: Bind): void {
  const command = parent
    .command("list")
    .description("Backups, newest first, with age, size, level and copies.")
    .option("--job <job>", "only of this job")
    .option("--limit <n>", "at most so many", countOf("--limit"));
  addExamples(command, [["codex-backup list --job database --limit 10", "the newest ten"]]);
  bind<ListFlags>(command, (_words, flags) => (session) => list(session, flags));
}

function list(session: Session, { job = null, limit = null }: ListFlags): Promise<ExitStatus> {
  const { screen, tool } = session;
  return withOperations(session, "closed", async ({ operations, config }) => {
    const backups = await operations.list({ job, limit });
    screen.document({ backups });
    screen.print(() => renderBackups(backups, { now: tool.now(), config, paint: screen.paint }));
    return 0;
  });
}
