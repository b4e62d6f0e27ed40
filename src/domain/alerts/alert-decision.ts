import { type Condition, findingsOf, jobKey } from "./alert-condition.ts";
import type { AlertFacts } from "./alert-facts.ts";
import type { AlertMessage } from "./alert-message.ts";
import { channelsOf, escalationsOf } from "./alert-routing.ts";
import type { AlertSettings } from "./alert-settings.ts";
import {
  type AlertState,
  type Incident,
  isFlapping,
  notAfter,
  recentOpenings,
  settleMs,
} from "./alert-state.ts";
import { escalationMessage, problemMessage, recoveredMessage, withFlappingNote } from "./alert-words.ts";

/** A message and the channels that it goes to; with none, nobody wants to hear it. */
export interface Dispatch {
  readonly message: AlertMessage;
  readonly channels: readonly string[];
}

export interface AlertDecision {
  readonly dispatches: readonly Dispatch[];
  /** What is to be remembered; what is absent may be forgotten. */
  readonly states: readonly AlertState[];
}

/**
 * What is to be told now, after what was told before: each problem once when it begins, once more for each
 * other kind that it turns into, once to those who hear of what lasts, and once when it is over.
 */
export function decideAlerts(
  previous: readonly AlertState[],
  facts: AlertFacts,
  settings: AlertSettings,
): AlertDecision {
  const before = new Map(previous.map((state) => [state.key, state]));
  const { conditions, well, unknown } = findingsOf(facts);
  const around = { facts, settings };
  const worse = conditions.map((condition) =>
    worsened(before.get(condition.key) ?? blank(condition), condition, around),
  );
  const better = well.map((key) => improved(before.get(key) ?? null, around));
  const seen = new Set([...conditions.map(({ key }) => key), ...well]);
  const unseen = previous.filter(({ key }) => !seen.has(key));
  const isGone = ({ key }: AlertState) => facts.extent === "whole" && !unknown.includes(key);
  const closed = unseen.filter(isGone).map((state) => close(state, around));
  const untouched = unseen.filter((state) => !isGone(state));
  const all = [...worse, ...better, ...closed];
  return {
    dispatches: all.flatMap(({ dispatches }) => dispatches),
    states: [...untouched, ...all.flatMap(({ state }) => (state === null ? [] : [state]))],
  };
}

interface Step {
  readonly dispatches: readonly Dispatch[];
  readonly state: AlertState | null;
}

interface Around {
  readonly facts: AlertFacts;
  readonly settings: AlertSettings;
}

const nothing: Step = { dispatches: [], state: null };

function blank({ key, job, database }: Condition): AlertState {
  return { key, job, database, incident: null, openings: [] };
}

function worsened(state: AlertState, condition: Condition, around: Around): Step {
  const { now } = around.facts;
  const openings = recentOpenings(state, now);
  if (state.incident === null) {
    return open({ ...state, openings: [...openings, now] }, condition, around);
  }
  const incident = { ...state.incident, since: notAfter(state.incident.since, now), wellSince: null };
  const known = { ...state, openings, incident };
  const isTold =
    incident.told.includes(condition.event) &&
    condition.findings.every((finding) => incident.findings.includes(finding));
  return isTold ? escalate(known, condition, around) : turn(known, condition, around);
}

function open(state: AlertState, condition: Condition, { facts, settings }: Around): Step {
  const since = notAfter(condition.since ?? facts.now, facts.now);
  const channels = channelsOf(settings, condition);
  const { event, findings } = condition;
  const incident: Incident = { since, told: [event], findings, channels, escalatedTo: [], wellSince: null };
  const message = problemMessage(condition, incident, facts);
  const isOften = isFlapping(state, facts.now);
  const said = isOften ? withFlappingNote(message, state.openings.length, settleMs) : message;
  return { dispatches: [{ message: said, channels }], state: { ...state, incident } };
}

type Open = AlertState & { readonly incident: Incident };

/** It is something else now, such as stale after it failed, or more: a second table is gone. */
function turn(state: Open, condition: Condition, { facts, settings }: Around): Step {
  const channels = channelsOf(settings, condition);
  const incident = {
    ...state.incident,
    told: [...new Set([...state.incident.told, condition.event])],
    findings: [...new Set([...state.incident.findings, ...condition.findings])],
    channels: [...new Set([...state.incident.channels, ...channels])],
  };
  const message = problemMessage(condition, incident, facts);
  return { dispatches: [{ message, channels }], state: { ...state, incident } };
}

function escalate(state: Open, condition: Condition, { facts, settings }: Around): Step {
  const { incident } = state;
  const due = escalationsOf(settings, condition, facts.now - incident.since);
  const channels = due.filter((name) => !incident.escalatedTo.includes(name));
  if (channels.length === 0) return { dispatches: [], state };
  const told = {
    ...incident,
    channels: [...new Set([...incident.channels, ...channels])],
    escalatedTo: [...incident.escalatedTo, ...channels],
  };
  const message = escalationMessage(condition, incident, facts);
  return { dispatches: [{ message, channels }], state: { ...state, incident: told } };
}

/** Well again: told at once, unless it has come and gone so often that it is not believed yet. */
function improved(state: AlertState | null, around: Around): Step {
  if (state === null) return nothing;
  const { now } = around.facts;
  const { incident } = state;
  const openings = recentOpenings(state, now);
  if (incident === null)
    return { dispatches: [], state: openings.length === 0 ? null : { ...state, openings } };
  const wellSince = notAfter(incident.wellSince ?? now, now);
  const held = { ...state, openings, incident: { ...incident, wellSince } };
  if (isFlapping(state, now) && now - wellSince < settleMs) return { dispatches: [], state: held };
  return tellRecovered(held, around, false);
}

/** Its job, database or destination is no longer in the config. */
function close(state: AlertState, around: Around): Step {
  if (state.incident === null) return nothing;
  const { dispatches } = tellRecovered({ ...state, incident: state.incident }, around, true);
  return { dispatches, state: null };
}

function tellRecovered(state: Open, { facts, settings }: Around, isGone: boolean): Step {
  const job = facts.jobs.find((one) => jobKey(one) === state.key) ?? null;
  const lines = job === null || isGone ? [] : [`Now: ${job.reason}.`];
  const lastGoodAt = job?.lastGoodAt ?? null;
  const message = recoveredMessage(state, { isGone, lastGoodAt, lines }, facts);
  const wanted = channelsOf(settings, message);
  const { channels: heard, escalatedTo } = state.incident;
  const channels = heard.filter((name) => wanted.includes(name) || escalatedTo.includes(name));
  const openings = recentOpenings(state, facts.now);
  const rest = isGone || openings.length === 0 ? null : { ...state, incident: null, openings };
  return { dispatches: [{ message, channels }], state: rest };
}
