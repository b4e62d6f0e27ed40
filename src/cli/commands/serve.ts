import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { loadConfig, type Session } from "../session.ts";

export function registerServe(parent: Command, bind: Bind): void {
  const command = parent
    .command("serve")
    .description(
      "Runs every job at its time, in one process that stays. SIGTERM ends it after what runs, SIGHUP reads the config anew. Its log is JSON, a line for each entry, on stderr.",
    );
  addExamples(command, [
    ["codex-backup serve", "until it is asked to end"],
    ["systemctl reload codex-backup", "take a changed config over: it sends SIGHUP"],
  ]);
  bind(command, () => serve);
}

async function serve(session: Session): Promise<ExitStatus> {
  const { io, tool, screen, flags } = session;
  const locate = async () => (await tool.configLoader()).locate(flags.configPath);
  await loadConfig(session, { secrets: "closed" }); // what is wrong is told as by any other command
  await tool.serve({
    configPath: await locate(),
    logLevel: flags.verbosity === "verbose" ? "debug" : flags.verbosity === "quiet" ? "warn" : "info",
    writeLog: (line) => io.stderr.write(line),
    onHangup: io.onHangup,
    signal: io.signal,
  });
  screen.document({ outcome: "drained" });
  return 0;
}
