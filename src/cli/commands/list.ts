import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderBackups } from "../render/backups.ts";
import { renderPoints } from "../render/points.ts";
import { type Session, withOperations } from "../session.ts";
import { countOf } from "../values.ts";

interface ListFlags {
  readonly job?: string | null;
  readonly limit?: number | null;
  readonly set?: string;
}

export function registerList(parent: Command, bind: Bind): void {
  const command = parent
    .command("list")
    .description("Backups, newest first, with age, size, level and copies.")
    .option("--job <job>", "only of this job")
    .option("--limit <n>", "at most so many", countOf("--limit"))
    .option(
      "--set <set>",
      "the restore points of a set: what was taken together, and the commands that bring it back",
    );
  addExamples(command, [
    ["codex-backup list --job database --limit 10", "the newest ten"],
    ["codex-backup list --set nightly --limit 1", "the newest database and files that belong together"],
  ]);
  bind<ListFlags>(command, (_words, flags) => (session) => list(session, flags));
}

/** So many points are told when nobody says how many. */
const usualPoints = 5;

function listPoints(session: Session, set: string, limit: number | null): Promise<ExitStatus> {
  const { screen, tool } = session;
  return withOperations(session, "closed", async ({ operations, config }) => {
    const restorePoints = await operations.restorePoints({ set, limit: limit ?? usualPoints });
    screen.document({ restorePoints });
    screen.print(() => renderPoints(restorePoints, { now: tool.now(), config, paint: screen.paint }));
    return 0;
  });
}

function list(session: Session, { job = null, limit = null, set }: ListFlags): Promise<ExitStatus> {
  if (set !== undefined) return listPoints(session, set, limit);
  const { screen, tool } = session;
  return withOperations(session, "closed", async ({ operations, config }) => {
    const backups = await operations.list({ job, limit });
    screen.document({ backups });
    screen.print(() => renderBackups(backups, { now: tool.now(), config, paint: screen.paint }));
    return 0;
  });
}
