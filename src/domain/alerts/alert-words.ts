import { formatInstant, type Instant } from "../instant.ts";
import { describeAge, describeSubject } from "../plain-words.ts";
import { wallText } from "../wall-text.ts";
import type { Condition, ProblemEvent } from "./alert-condition.ts";
import type { AlertFacts } from "./alert-facts.ts";
import type { AlertMessage, AlertSeverity } from "./alert-message.ts";
import type { AlertState, Incident } from "./alert-state.ts";

type Around = Pick<AlertFacts, "now" | "host" | "timezone">;

/** The first word of a subject. */
const words: Readonly<Record<ProblemEvent, string>> = {
  failed: "FAILED",
  incomplete: "INCOMPLETE",
  damaged: "DAMAGED",
  stale: "STALE",
  missed: "MISSED",
  suspect: "SUSPECT",
  mismatch: "MISMATCH",
  unproven: "UNPROVEN",
  empty: "NOTHING TO PROVE",
  rto: "SLOW RESTORE",
  key: "KEY UNPROVEN",
  gone: "GONE",
  pruning: "NOT PRUNED",
  unread: "NOT READ",
  disk: "DISK",
  dead: "NOT RUNNING",
};

const severities: Readonly<Record<ProblemEvent, AlertSeverity>> = {
  failed: "critical",
  incomplete: "warning",
  damaged: "critical",
  stale: "critical",
  missed: "critical",
  suspect: "warning",
  mismatch: "critical",
  unproven: "critical",
  empty: "warning",
  rto: "warning",
  key: "warning",
  gone: "critical",
  pruning: "warning",
  unread: "warning",
  disk: "warning",
  dead: "critical",
};

/** Subjects are one line in a mail client and on a phone's lock screen. */
const subjectLimit = 220;

/** A problem that is told for the first time. */
export function problemMessage(condition: Condition, incident: Incident, around: Around): AlertMessage {
  return messageOf(condition, incident, { around, lead: words[condition.event], notes: [] });
}

/** A problem that has lasted, for those who are told only then. */
export function escalationMessage(condition: Condition, incident: Incident, around: Around): AlertMessage {
  const lasted = describeAge(Math.max(0, around.now - incident.since));
  const lead = `STILL ${words[condition.event]} after ${lasted}`;
  const notes = [`Nobody has mended it for ${lasted}: that is why you are told.`];
  return messageOf(condition, incident, { around, lead, notes });
}

/** A problem that comes and goes, and of whose ends no more is told until one lasts. */
export function withFlappingNote(message: AlertMessage, count: number, settleMs: number): AlertMessage {
  const note = `This is incident ${count} within a day; that it is over is told when all has been well for ${describeAge(settleMs)}.`;
  return { ...message, lines: [...message.lines.slice(0, -1), note, ...message.lines.slice(-1)] };
}

interface Telling {
  readonly around: Around;
  readonly lead: string;
  readonly notes: readonly string[];
}

function messageOf(condition: Condition, { since }: Incident, telling: Telling): AlertMessage {
  const { around, lead, notes } = telling;
  const { key, event, job, database, what, hint, nextStep, lastGoodAt, runId } = condition;
  const at = wallText(since, around.timezone);
  const good = lastGoodOf(condition, around.now);
  const subject = cut(`${lead}: ${nameOf(condition, around)}: `, what, `; since ${at}${good.short}`);
  return {
    id: idOf(key, lead, around.now),
    event,
    severity: severities[event],
    key,
    job,
    database,
    subject,
    lines: [
      `${nameOf(condition, around)} on ${around.host}: ${what}.`,
      `Since ${at}.`,
      ...good.lines,
      ...(hint === null ? [] : [hint]),
      ...notes,
      nextLine(nextStep),
    ],
    nextStep,
    since,
    lastGoodAt,
    runId,
    host: around.host,
    at: around.now,
  };
}

/** The last line of every message: what to type. */
export function nextLine(nextStep: string): string {
  return `Next: ${nextStep}`;
}

/** The same at each attempt, and never the same for two messages. */
export function idOf(key: string, lead: string, at: Instant): string {
  return `${formatInstant(at)} ${key} ${lead.split(" ").slice(0, 2).join("-").toLowerCase()}`;
}

function lastGoodOf({ noun, lastGoodAt }: Condition, now: Instant): Good {
  if (lastGoodAt !== null) {
    const age = describeAge(now - lastGoodAt);
    return { short: `; last good ${age} old`, lines: [`The newest good ${noun ?? "backup"} is ${age} old.`] };
  }
  return noun === null
    ? { short: "", lines: [] }
    : { short: `; no good ${noun}`, lines: [`There is no good ${noun} yet.`] };
}

interface Good {
  readonly short: string;
  readonly lines: readonly string[];
}

function nameOf(
  { job, database, key }: Pick<Condition, "job" | "database" | "key">,
  { host }: Around,
): string {
  if (job === null) return key === "tool" ? `codex-backup on ${host}` : key.replace("/", " ");
  return describeSubject(job, database);
}

/** The middle is cut, so that what stands at the end is seen. */
function cut(head: string, what: string, tail: string): string {
  const room = Math.max(20, subjectLimit - head.length - tail.length);
  const flat = what.replace(/\s+/g, " ");
  return `${head}${flat.length > room ? `${flat.slice(0, room - 1)}…` : flat}${tail}`;
}

/** It is over: how long it lasted, or that it is no longer looked after. */
export function recoveredMessage(
  state: AlertState & { readonly incident: Incident },
  over: { readonly isGone: boolean; readonly lastGoodAt: Instant | null; readonly lines: readonly string[] },
  around: Around,
): AlertMessage {
  const { key, job, database, incident } = state;
  const lasted = describeAge(Math.max(0, (incident.wellSince ?? around.now) - incident.since));
  const name = nameOf(state, around);
  const was = incident.told.join(", then ");
  const subject = over.isGone
    ? `Closed: ${name} is no longer in the config; it was ${was} for ${lasted}`
    : `Recovered: ${name}: it was ${was} for ${lasted}`;
  return {
    id: idOf(key, "recovered", around.now),
    event: "recovered",
    severity: "resolved",
    key,
    job,
    database,
    subject: cut("", subject, ""),
    lines: [
      `${subject}, since ${wallText(incident.since, around.timezone)}, on ${around.host}.`,
      ...over.lines,
      nextLine("codex-backup status"),
    ],
    nextStep: "codex-backup status",
    since: incident.since,
    lastGoodAt: over.lastGoodAt,
    runId: null,
    host: around.host,
    at: around.now,
  };
}
