import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import type { Session } from "../session.ts";

export function registerDemo(parent: Command, bind: Bind): void {
  const command = parent
    .command("demo")
    .description("The whole thing once, on a throwaway PostgreSQL with sample data in a temporary directory.")
    .option("--keep", "leave the directory for a look");
  addExamples(command, [["codex-backup demo --keep", "no config, no server and no rights are needed"]]);
  bind<{ readonly keep?: boolean }>(
    command,
    (_words, { keep = false }) =>
      (session) =>
        demo(session, keep),
  );
}

/** Exit 4 when the restored database is not the one that was backed up. */
async function demo({ tool, io, screen, flags }: Session, keep: boolean): Promise<ExitStatus> {
  const needs = {
    onProgress: screen.progress,
    logLevel: flags.verbosity === "verbose" ? "debug" : "error",
    onLog: screen.log,
    mendsCatalog: false,
  } as const;
  const onStep = (line: string) => screen.warn(`${line} …`);
  const { report, lines } = await tool.demo({ keep, onStep, signal: io.signal, needs });
  screen.document({ demo: report });
  screen.print(lines.join("\n"));
  return report.isEqual ? 0 : 4;
}
