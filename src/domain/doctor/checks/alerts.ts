import { describeAge, describeCount } from "../../plain-words.ts";
import { type Diagnosis, diagnose } from "../finding.ts";

export interface AlertFacts {
  readonly configPath: string;
  readonly channels: readonly string[];
  readonly isPinging: boolean;
  /** Messages that wait in the outbox: how many, and since when; null: none, or there is no outbox. */
  readonly waiting: {
    readonly count: number;
    readonly oldestMs: number;
    readonly lastError: string | null;
  } | null;
}

/** Whether anybody hears of it when tonight fails, or when this machine dies. */
export function judgeAlerts(facts: AlertFacts): readonly Diagnosis[] {
  const { configPath, waiting } = facts;
  const undelivered = waiting === null ? [] : [judgeWaiting(waiting)];
  return [judgeWatchers(facts, configPath), ...undelivered];
}

function judgeWatchers({ channels, isPinging }: AlertFacts, path: string): Diagnosis {
  if (isPinging) return diagnose("alerts.ok", "alerts", "a service outside is pinged, and notices silence");
  if (channels.length === 0) {
    return diagnose(
      "alerts.nobody",
      "alerts",
      `nobody is told when a run fails: add alerts and pings to ${path}`,
    );
  }
  const sent = describeCount(channels.length, "channel");
  const message = `${sent}, but nobody notices when this machine falls silent: add pings to ${path}, or run codex-backup watch elsewhere`;
  return diagnose("alerts.no-watcher", "alerts", { message, commands: ["codex-backup alerts test"] });
}

function judgeWaiting({ count, oldestMs, lastError }: NonNullable<AlertFacts["waiting"]>): Diagnosis {
  const why = lastError === null ? "" : `: ${lastError}`;
  const message = `${describeCount(count, "message")} could not be delivered for ${describeAge(oldestMs)}${why}`;
  return diagnose("alerts.undelivered", "alerts", { message, commands: ["codex-backup alerts test"] });
}
