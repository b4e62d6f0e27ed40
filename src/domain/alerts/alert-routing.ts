import type { AlertMessage } from "./alert-message.ts";
import type { AlertRule, AlertSettings } from "./alert-settings.ts";

type Told = Pick<AlertMessage, "event" | "job">;

/**
 * Names of the channels that a message goes to, each once, in the config's order. Every rule that fits sends
 * it; without rules, everything goes everywhere. What concerns no single job concerns the rules of all jobs.
 */
export function channelsOf(settings: AlertSettings, told: Told): readonly string[] {
  const all = settings.channels.map(({ name }) => name);
  if (told.event === "digest") return settings.digest.channels ?? all;
  if (settings.rules.length === 0) return all;
  const fitting = settings.rules.filter((rule) => isFitting(rule, told));
  return all.filter((name) => fitting.some((rule) => rule.channels === null || rule.channels.includes(name)));
}

/** Names of the channels to be told as well of a problem that has lasted for so long. */
export function escalationsOf(settings: AlertSettings, told: Told, lastedMs: number): readonly string[] {
  const all = settings.channels.map(({ name }) => name);
  const due = settings.rules.filter(
    (rule) => isFitting(rule, told) && rule.escalateAfterMs !== null && lastedMs >= rule.escalateAfterMs,
  );
  return all.filter((name) => due.some((rule) => rule.escalateTo.includes(name)));
}

function isFitting(rule: AlertRule, { event, job }: Told): boolean {
  const isJob = rule.jobs === null || job === null || rule.jobs.includes(job);
  return isJob && (rule.events === null || rule.events.includes(event));
}
