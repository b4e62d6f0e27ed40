import { z } from "zod";
import { findTemplateProblem } from "../../domain/backups/name-template.ts";
import { parseDuration } from "../../domain/duration.ts";
import type { FileOwner } from "../../domain/jobs/job.ts";
import { isTimezone } from "../../domain/local-time.ts";
import { parseSize } from "../../domain/size.ts";
import { findCronProblem } from "../../domain/slots/schedule.ts";
import { suggestion } from "../problem.ts";

/** A text that means something else: `read` returns null when it cannot be read; then `allowed` is shown. */
export function meaning<Value>(allowed: string, read: (text: string) => Value | null) {
  return z.string({ error: () => allowed }).transform((text, context) => {
    const value = read(text);
    if (value !== null) return value;
    context.addIssue({ code: "custom", message: allowed });
    return z.NEVER;
  });
}

/** A text with a rule; `problemOf` returns what is wrong with it, or null. */
function ruled(allowed: string, problemOf: (text: string) => string | null) {
  return z.string({ error: () => allowed }).superRefine((text, context) => {
    const problem = problemOf(text);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  });
}

export const plainText = ruled("a text", (text) =>
  text.trim() === "" || text.includes("\0") ? "a text that is not empty" : null,
);

export const publicKeyLine = ruled("a public key of minisign", (text) =>
  /^RW[Q-T][A-Za-z0-9+/]{53}$/.test(text)
    ? null
    : 'a public key of minisign: the line of 56 characters that begins with "RW"',
);

/** Where YAML would make a number or a truth value of what is meant as text. */
export const quotedText = z.string({ error: () => 'a text (put it in quotes, as in "1.10")' });

export const duration = meaning("a time such as 30m, 26h, 1h30m or 2d, longer than nothing", (text) => {
  const durationMs = parseDuration(text);
  return durationMs === 0 ? null : durationMs;
});

export const durationOrNone = meaning("a time such as 30m, 26h or 2d, or none", (text) => {
  if (text === "none") return { limitMs: null };
  const limitMs = parseDuration(text);
  return limitMs === null || limitMs === 0 ? null : { limitMs };
});

export const size = meaning("a size such as 256 MB, 1 GiB or 0 B", parseSize);

const cronAllowed = 'five cron fields (minute hour day month weekday) such as "0 2 * * *"';

export const cron = ruled(cronAllowed, (text) => {
  const problem = findCronProblem(text);
  return problem === null ? null : `${cronAllowed}, but ${problem}`;
});

export const timezone = ruled("a zone such as UTC or Europe/Berlin", (text) =>
  isTimezone(text)
    ? null
    : `a zone of the IANA list, such as UTC or Europe/Berlin${suggestion(text, Intl.supportedValuesOf("timeZone"))}`,
);

export const nameTemplate = ruled('a text in quotes, such as "{database}_{date}"', (text) => {
  const problem = findTemplateProblem(text);
  return problem === null ? null : `a template such as "{database}_{date}", but ${problem}`;
});

/** Absolute ones would silently match nothing inside the root. */
export const relativeGlob = ruled("a glob relative to the root", (text) => {
  const isInside = text.trim() !== "" && !text.startsWith("/") && !text.split("/").includes("..");
  return isInside
    ? null
    : 'a glob relative to the root, such as "ledger/**", without a leading slash and ".."';
});

/** Without a slash at either end. */
export const innerFolder = meaning(
  'a folder relative to the root, such as "ledger", without a leading slash and ".."',
  (text) => {
    const parts = text.replace(/\/+$/, "").split("/");
    const isInside = text === "" || parts.every((part) => !["", ".", ".."].includes(part));
    return isInside && !text.includes("\0") ? parts.join("/") : null;
  },
);

export const owner = meaning('a user, or user and group, such as "codex:codex"', readOwner);

const modeAllowed = "an octal mode without any bit for others, such as 0600 or 0640";

/** Permission bits. YAML's own number is already taken back to its text by the reader. */
export const fileMode = meaning(`${modeAllowed}, that the owner can read and write`, (text) =>
  readMode(text, 0o600),
);

export const directoryMode = meaning(
  "an octal mode such as 0700 or 0750, without any bit for others",
  (text) => readMode(text, 0o700),
);

/** A whole number from `least`; errors say so in the config's words. */
export function count(least: number) {
  return z
    .int({ error: () => `a whole number from ${least}` })
    .min(least, { error: () => `a whole number from ${least}` });
}

/** What jobs and destinations may be called: it goes into names of files, logs and metrics. */
export const nameRule = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,47}$/;

export const nameRuleText =
  "1 to 48 letters, digits, dots, dashes and underscores, starting with a letter or digit";

function readOwner(text: string): FileOwner | null {
  const found = /^([A-Za-z0-9_][\w.-]*\$?)(?::([A-Za-z0-9_][\w.-]*))?$/.exec(text);
  if (!found?.[1]) return null;
  return { user: found[1], group: found[2] ?? null };
}

function readMode(text: string, needed: number): number | null {
  const found = /^(?:0o?)?([0-7]{3})$/.exec(text);
  if (!found?.[1]) return null;
  const mode = Number.parseInt(found[1], 8);
  const isPrivate = (mode & 0o007) === 0;
  return isPrivate && (mode & needed) === needed ? mode : null;
}
