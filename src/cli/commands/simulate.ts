import { resolve } from "node:path";
import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { parseScript } from "../../domain/simulation/simulate-script.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderSimulation } from "../render/simulation.ts";
import { type Session, withOperations } from "../session.ts";
import { countOf, oneMore } from "../values.ts";

interface SimulateFlags {
  readonly job?: readonly string[];
  readonly days: number;
  readonly script?: string;
}

export function registerSimulate(parent: Command, bind: Bind): void {
  const command = parent
    .command("simulate")
    .description(
      "What would exist on each day to come under the jobs' keep rules, and the disk it needs. Touches nothing.",
    )
    .option("--job <job>", "only of this job (may be given several times)", oneMore)
    .option("--days <n>", "how far to look ahead", countOf("--days"), 365)
    .option("--script <file>", "JSON lines of what goes wrong meanwhile (see docs/guide/retention.md)");
  addExamples(command, [
    ["codex-backup simulate", "the year to come, month by month"],
    ["codex-backup simulate --job database --days 30", "the next month, day by day"],
    ["codex-backup simulate --days 60 --script bad-month.jsonl", "when runs fail or the clock jumps"],
  ]);
  bind<SimulateFlags>(command, (_words, flags) => (session) => simulate(session, flags));
}

function simulate(session: Session, { job: jobs = [], days, script }: SimulateFlags): Promise<ExitStatus> {
  const { screen, tool, io } = session;
  return withOperations(session, "destinations", async ({ operations, config }) => {
    const events =
      script === undefined ? [] : parseScript(await tool.readText(resolve(io.cwd, script)), script);
    const simulation = await operations.simulate({ jobs, days, script: events });
    screen.document({ simulation });
    screen.print(() => renderSimulation(simulation, { timezone: config.timezone, paint: screen.paint }));
    return 0;
  });
}
