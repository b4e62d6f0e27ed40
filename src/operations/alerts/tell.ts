import { decideAlerts } from "../../domain/alerts/alert-decision.ts";
import { digestMessage } from "../../domain/alerts/alert-digest.ts";
import type { AlertFacts } from "../../domain/alerts/alert-facts.ts";
import type { AlertMessage } from "../../domain/alerts/alert-message.ts";
import { channelsOf } from "../../domain/alerts/alert-routing.ts";
import type { AlertState } from "../../domain/alerts/alert-state.ts";
import type { Instant } from "../../domain/instant.ts";
import { parseCron, previousSlot } from "../../domain/slots/schedule.ts";
import type { AlertsPart, Context } from "../context.ts";
import { enqueueMessage } from "./enqueue.ts";

export interface Looked {
  readonly facts: AlertFacts;
  /** What had been told when the looking began; null: nobody could tell anything meanwhile. */
  readonly toldBefore: readonly AlertState[] | null;
}

/** When all jobs were last looked at, whether or not there was something to tell. */
export const lookTime = "look";

type Parts = Pick<Context, "catalog" | "clock">;

/**
 * Compares the facts with what has been told, and puts what is new on its way, in one transaction: two
 * processes that look at the same time tell it once. Returns what was told. Null, and nothing is told, when a run has
 * told something since the looking began: the facts may be older than that, and would take it back.
 */
export function tell(
  parts: Parts,
  alerts: AlertsPart,
  { facts, toldBefore }: Looked,
): readonly AlertMessage[] | null {
  const { catalog } = parts;
  if (facts.extent === "whole") noteLook(parts, facts.now);
  const before = catalog.alertStates();
  const isChanged = !isSame(before, decideAlerts(before, facts, alerts.settings).states);
  const isDigestDue = facts.extent === "whole" && alerts.settings.digest.schedule !== null;
  if (!isChanged && !isDigestDue) return []; // nothing is written when nothing has happened
  return catalog.atomically(() => {
    const previous = catalog.alertStates();
    if (toldBefore !== null && !isSame(previous, toldBefore)) return null;
    const { dispatches, states } = decideAlerts(previous, facts, alerts.settings);
    if (!isSame(previous, states)) catalog.putAlertStates(states);
    const digest = isDigestDue ? dueDigest(parts, alerts, facts) : [];
    const all = [...dispatches, ...digest];
    for (const { message, channels } of all)
      for (const channel of channels) enqueueMessage(parts, channel, message);
    return all.map(({ message }) => message);
  });
}

/** For doctor: that somebody looks at all. To the hour, so that looking is not writing. */
function noteLook({ catalog }: Parts, now: Instant): void {
  const last = catalog.alertTime(lookTime);
  if (last === null || Math.abs(now - last) > 3_600_000) catalog.putAlertTime(lookTime, now);
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  const textOf = (states: readonly unknown[]) =>
    states
      .map((state) => JSON.stringify(state))
      .sort()
      .join("\n");
  return textOf(one) === textOf(other);
}

/** After a time without us, or a leap of the clock, one digest goes out and not one for each week. */
function dueDigest({ catalog }: Parts, { settings, timezone }: AlertsPart, facts: AlertFacts) {
  const { schedule } = settings.digest;
  const slot = schedule === null ? null : previousSlot(parseCron(schedule, timezone), facts.now);
  const last = catalog.alertTime("digest");
  if (last === null || last > facts.now) catalog.putAlertTime("digest", facts.now);
  if (slot === null || !isAfter(slot, last, facts.now)) return [];
  catalog.putAlertTime("digest", facts.now);
  const message = digestMessage(facts, catalog.alertStates());
  return [{ message, channels: channelsOf(settings, message) }];
}

/** The first look ever, and the first one after a clock went back, only begin to count. */
function isAfter(slot: Instant, last: Instant | null, now: Instant): boolean {
  return last !== null && last <= now && slot > last;
}
