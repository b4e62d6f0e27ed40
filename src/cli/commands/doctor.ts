import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderFindings } from "../render/doctor.ts";
import type { Session } from "../session.ts";

interface DoctorFlags {
  readonly asCron?: boolean;
  readonly fix?: boolean;
  readonly run?: string;
}

export function registerDoctor(parent: Command, bind: Bind): void {
  const command = parent
    .command("doctor")
    .description(
      "Tells what would fail tonight, and the command that mends it. Ends with 0 only when tonight will work.",
    )
    .argument("[job...]", "jobs of the config; none means all")
    .option("--as-cron", "looked at by what cron would start, as its user and with its bare environment")
    .option("--fix", "creates and marks missing directories, closes backups that every user can read")
    .option("--run <job>", "also runs this command job once, for real, and shows why it fails");
  addExamples(command, [
    ["codex-backup doctor", "will tonight work?"],
    ["codex-backup doctor --as-cron", "would it from cron, too?"],
    ["codex-backup doctor --run script", "why does the script fail?"],
  ]);
  bind<DoctorFlags>(command, (words, flags) => (session) => examine(session, words, flags));
}

async function examine(
  session: Session,
  jobs: readonly string[],
  { asCron = false, fix = false, run }: DoctorFlags,
): Promise<ExitStatus> {
  const { screen, tool, flags, io } = session;
  const logLevel = flags.verbosity === "verbose" ? "debug" : "error";
  const report = await tool.examine({
    configPath: flags.configPath,
    jobs,
    run: run ?? null,
    fix,
    asCron,
    signal: io.signal,
    needs: { onProgress: screen.progress, logLevel, onLog: screen.log, mendsCatalog: false },
  });
  screen.document({ findings: report.findings, exit: report.exit });
  const isDetailed = flags.verbosity === "verbose";
  if (flags.verbosity === "quiet") {
    for (const one of report.findings.filter(({ severity, isFixed }) => severity === "blocker" && !isFixed))
      screen.complain(`${one.subject}: ${one.message}`);
  }
  screen.print(() => renderFindings(report, { isDetailed, paint: screen.paint }));
  return report.exit;
}
