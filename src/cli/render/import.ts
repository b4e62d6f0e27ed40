import type { ImportedLine } from "../../config/config.ts";

/** Each line of the crontab, what it became, and what is otherwise now. */
export function renderImport(lines: readonly ImportedLine[]): string {
  return lines.map(renderLine).join("\n");
}

function renderLine({ number, text, outcome, job, notes }: ImportedLine): string {
  const became = outcome === "taken over" ? `job ${job}` : outcome;
  return [`line ${number}: ${became}`, `  ${text.trim()}`, ...notes.map((note) => `  - ${note}`)].join("\n");
}
