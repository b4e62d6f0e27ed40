import { resolve } from "node:path";
import type { Command } from "commander";
import type { Config } from "../../config/config.ts";
import type { WatchDestinationOptions, WatchOptions } from "../../domain/alerts/alert-report.ts";
import { Failure } from "../../domain/failure.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { loadConfig, type Session, type Work, withConfig, withOperations } from "../session.ts";
import { durationOf } from "../values.ts";

interface WatchFlags {
  readonly destination?: string;
  readonly maxAge?: number;
  readonly job?: string;
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
    .option("--interval <time>", "between two looks", durationOf("--interval"), defaultIntervalMs)
    .option(
      "--destination <path>",
      "look at this directory instead, which another host writes, and at nothing else",
    )
    .option(
      "--max-age <time>",
      "with --destination: stale when the newest backup is older",
      durationOf("--max-age"),
    )
    .option("--job <job>", "with --destination: this job only; default: each that has or had backups there");
  addExamples(command, [
    ["codex-backup watch", "as a service, beside the scheduler"],
    ["codex-backup -q watch --once", "for a line of cron, every few minutes"],
    ["codex-backup watch --destination /mnt/backups --max-age 26h", "on another host"],
  ]);
  bind<WatchFlags>(command, (_, flags) => (session) => watch(session, flags));
}

async function watch(session: Session, flags: WatchFlags): Promise<ExitStatus> {
  const elsewhere = elsewhereOf(session, flags);
  const { once = false, interval: intervalMs } = flags;
  const { screen, io } = session;
  const options: WatchOptions = {
    once,
    intervalMs,
    maxDeliveryMs: 30_000,
    onLook(report) {
      for (const { subject } of report.told) screen.print(subject);
    },
    signal: io.signal,
  };
  const work = async ({ operations }: Work) => {
    const { told, waiting, exit } = await (elsewhere === null
      ? operations.watch(options)
      : operations.watchDestination({ ...options, ...elsewhere }));
    screen.document({ told, waiting });
    return once ? exit : 0;
  };
  if (elsewhere === null) return withOperations(session, "lenient", work);
  const config = await loadConfig(session, { secrets: "lenient" });
  return withConfig(session, { config: withoutJobs(config), mendsCatalog: false }, work);
}

type Elsewhere = Pick<WatchDestinationOptions, "path" | "maxAgeMs" | "job">;

/** Null: what the config itself is about. */
function elsewhereOf({ io }: Session, { destination, maxAge, job }: WatchFlags): Elsewhere | null {
  if (destination !== undefined && maxAge !== undefined)
    return { path: resolve(io.cwd, destination), maxAgeMs: maxAge, job: job ?? null };
  if (destination === undefined && maxAge === undefined && job === undefined) return null;
  throw new Failure("usage.refused", "Cannot watch: --destination and --max-age are needed together", {
    hint: "Say both, such as --destination /mnt/backups --max-age 26h.",
  });
}

/** What is remembered of another host's backups stands apart from what is known of our own. */
function withoutJobs(config: Config): Config {
  return { ...config, statePath: `${config.statePath}/watch`, jobs: [], destinations: [] };
}
