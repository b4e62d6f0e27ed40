import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderChannelTroubles } from "../render/alerts.ts";
import { renderStatus, renderTroubles } from "../render/status.ts";
import { type Session, withOperations } from "../session.ts";

export function registerStatus(parent: Command, bind: Bind): void {
  const command = parent
    .command("status")
    .description(
      "One screen: the age of each job's newest backup, its last run, its next slot; disks. Ends with 6 if any job is unhealthy: stale, its last run failed, no good backup, or a destination cannot be used.",
    );
  addExamples(command, [
    ["codex-backup status", "look"],
    ["codex-backup -q status", "for monitoring: silent and 0 when all is well"],
  ]);
  bind(command, () => status);
}

function status(session: Session): Promise<ExitStatus> {
  const { screen, tool, flags } = session;
  return withOperations(session, "closed", async ({ operations, config }) => {
    const report = await operations.status();
    const alerts = await operations.listAlerts();
    const { jobs, disk } = report;
    screen.document({ jobs, disk, channels: alerts.channels });
    screen.print(() => renderStatus(report, { now: tool.now(), config, paint: screen.paint }));
    screen.print(() => renderChannelTroubles(alerts, screen.paint).join("\n"));
    // Whoever asked for silence still wants to know what is wrong.
    if (flags.verbosity === "quiet")
      for (const line of [
        ...renderTroubles(report, screen.errorPaint),
        ...renderChannelTroubles(alerts, screen.errorPaint),
      ])
        screen.complain(line);
    return report.exit;
  });
}
