import type { AlertMessage } from "../domain/alerts/alert-message.ts";
import { oneLine, shorten } from "../domain/alerts/shown-text.ts";

/** No channel gets more than this: a failure that quotes a whole log must not be too large to be told. */
const limits = { subject: 400, line: 1000, lines: 60, name: 200 };

/** The message with every text on one line and short; what the formats are made from. */
export function shownMessage(message: AlertMessage): AlertMessage {
  const name = (text: string | null) => (text === null ? null : shorten(oneLine(text), limits.name));
  return {
    ...message,
    job: name(message.job),
    database: name(message.database),
    host: name(message.host) ?? "",
    subject: shorten(oneLine(message.subject), limits.subject),
    lines: shortened(message.lines).map((line) => shorten(oneLine(line), limits.line)),
    nextStep: message.nextStep === null ? null : shorten(oneLine(message.nextStep), limits.line),
  };
}

/** The last line is the next step, so the middle is what goes. */
function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= limits.lines) return lines;
  const left = lines.length - limits.lines;
  return [...lines.slice(0, limits.lines - 2), `(${left + 1} more lines)`, ...lines.slice(-1)];
}

/** The lines above the next step, as one text of at most `limit` units; the step itself goes where it can be copied. */
export function textAbove({ lines, nextStep }: AlertMessage, limit: number): string {
  const last = lines.at(-1);
  const isStep = nextStep !== null && last?.endsWith(nextStep) === true;
  return shorten((isStep ? lines.slice(0, -1) : lines).join("\n"), limit);
}

/** Where and when, for the foot of a message. */
export function footOf({ host, at, id }: AlertMessage): string {
  return `${host} · ${new Date(at).toISOString().replace(/\.\d+Z$/, "Z")} · ${id}`;
}
