import { describeAge, describeCount } from "../../plain-words.ts";
import { type Diagnosis, diagnose } from "../finding.ts";

export interface AlertFacts {
  readonly configPath: string;
  readonly channels: readonly string[];
  readonly isPinging: boolean;
  /** Since all jobs were last looked at for what is stale; null: never. */
  readonly lookedMs: number | null;
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
  return [judgeWatchers(facts, configPath), ...judgeLook(facts), ...undelivered];
}

const dayMs = 86_400_000;

/** A run tells of itself; of one that never came somebody else must. */
function judgeLook({ channels, lookedMs }: AlertFacts): readonly Diagnosis[] {
  if (channels.length === 0 || (lookedMs !== null && lookedMs < dayMs)) return [];
  const since = lookedMs === null ? "never looked" : `not looked for ${describeAge(lookedMs)}`;
  const message = `a failed run is told, but one that never came is not: watch has ${since} at the jobs`;
  return [
    diagnose("alerts.nobody-looks", "alerts", {
      message,
      commands: ["codex-backup schedule install --cron"],
    }),
  ];
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
