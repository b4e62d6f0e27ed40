import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { type Session, withOperations } from "../session.ts";
import { durationOf } from "../values.ts";

interface WatchFlags {
  readonly once?: boolean;
  readonly interval: number;
}

const defaultIntervalMs = 5 * 60_000;

export function registerWatch(parent: Command, bind: Bind): void {
  const command = parent
    .command("watch")
    .description(
      "A small process of its own that tells when a job is stale or was not started at its time, also when cron or the scheduler is dead. It delivers what waits, too. Ends at SIGTERM; with --once, as status does.",
    )
    .option("--once", "one look, for a line of cron")
    .option("--interval <time>", "between two looks", durationOf("--interval"), defaultIntervalMs);
  addExamples(command, [
    ["codex-backup watch", "as a service, beside the scheduler"],
    ["codex-backup -q watch --once", "for a line of cron, every few minutes"],
  ]);
  bind<WatchFlags>(command, (_, flags) => (session) => watch(session, flags));
}

function watch(session: Session, { once = false, interval: intervalMs }: WatchFlags): Promise<ExitStatus> {
  const { screen, io } = session;
  return withOperations(session, "open", async ({ operations }) => {
    const { told, waiting, exit } = await operations.watch({
      once,
      intervalMs,
      maxDeliveryMs: 30_000,
      onLook: (report) => {
        for (const { subject } of report.told) screen.print(subject);
      },
      signal: io.signal,
    });
    screen.document({ told, waiting });
    return once ? exit : 0;
  });
}
