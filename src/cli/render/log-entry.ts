import type { LogEntry } from "../cli.ts";
import type { Paint } from "../paint.ts";

/** "02:00:01.123Z warn  run started  job=database"; the time is UTC, which its Z says. */
export function renderLogEntry({ time, level, message, fields }: LogEntry, paint: Paint): string {
  const facts = Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const head = [
    time === null ? null : paint.faint(time.slice(11)),
    level === null ? null : paintLevel(level, paint),
  ];
  return [...head, message, paint.faint(facts.join(" "))]
    .filter((part) => part !== null && part !== "")
    .join(" ");
}

function paintLevel(level: string, paint: Paint): string {
  const word = level.padEnd(5);
  if (level === "error") return paint.bad(word);
  return level === "warn" ? paint.doubtful(word) : paint.faint(word);
}
