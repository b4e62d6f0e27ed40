import { Failure } from "../failure.ts";
import type { Instant } from "../instant.ts";
import { instantOfWall, wallTime, wallTimeOf } from "../local-time.ts";
import { byteLength, decodeNamePart, encodeNamePart, percentEncode } from "../name-part.ts";
import { formatTimestamp, parseTimestamp } from "../timestamp.ts";
import {
  companionPrefixes,
  findTemplateProblem,
  type NameToken,
  type NameVariable,
  parseTemplate,
} from "./name-template.ts";

export interface NameFacts {
  /** The moment of the backup: its slot, or the start of a run by hand. */
  readonly at: Instant;
  /** The job's zone, for {date} and {time}; {timestamp} is in UTC. */
  readonly timezone: string;
  /** Null where the source has none; then {database} is refused. */
  readonly database: string | null;
  readonly job: string;
}

/** What a base name says. */
export interface ParsedBackupName {
  /** From {timestamp}, or {date} and {time} in the zone; midnight when there is only a {date}. */
  readonly at: Instant;
  /** Null when the template has no {database}. */
  readonly database: string | null;
}

const shortRunIdLength = 8;
/** What formatBackupNames appends; a database's name at the end must not look like it. */
const appendix = /_(\d{6}|[0-9a-z]{8})$/;
/**
 * With "_" and the short run id behind it, ".", ".proof-20261123T010000Z.json.minisig", ".partial-" and a
 * run id of 36 characters round it, a name of a file stays within the 255 bytes that file systems take.
 */
const nameLimitBytes = 164;

/**
 * The base name that a backup should get. Distinct databases give distinct names. Throws Failure
 * "config.invalid" when the template is wrong or the name becomes too long for a file.
 */
export function formatBackupName(template: string, facts: NameFacts): string {
  const tokens = tokensOf(template);
  const joined = tokens.map((token, index) => textOf(token, facts, index === tokens.length - 1)).join("");
  // A database called "globals" must not look like the roles beside another one's dump.
  const misread = companionPrefixes.some((prefix) => joined.startsWith(prefix));
  const name = misread ? percentEncode(joined.slice(0, 1)) + joined.slice(1) : joined;
  if (byteLength(name) <= nameLimitBytes) return name;
  throw new Failure(
    "config.invalid",
    `Cannot name a backup "${name}": it is longer than ${nameLimitBytes} bytes`,
    {
      hint: "Shorten the job's name template.",
    },
  );
}

/**
 * The names to try in this order until one is free: plain, with the time of day, with the run's short id
 * (the last 8 letters and digits of `runId`).
 */
export function formatBackupNames(template: string, facts: NameFacts, runId: string): readonly string[] {
  const plain = formatBackupName(template, facts);
  const letters = runId.toLowerCase().replace(/[^0-9a-z]/g, "");
  const shortId = letters.slice(-shortRunIdLength).padStart(shortRunIdLength, "0");
  const hasTime = /\{time(stamp)?\}/.test(template);
  const timed = hasTime ? [] : [`${plain}_${formatTime(facts)}`];
  return [plain, ...timed, `${plain}_${shortId}`];
}

/**
 * Reads what formatBackupNames made of the same template, zone and job; null for any other name. For
 * `adopt` only: retention never reads names.
 */
export function parseBackupName(
  template: string,
  name: string,
  facts: Pick<NameFacts, "timezone" | "job">,
): ParsedBackupName | null {
  const pattern = tokensOf(template).map(patternOf).join("");
  const ending = `(?:_(?<again>\\d{6}))?(?:_[0-9a-z]{${shortRunIdLength}})?`;
  const found = new RegExp(`^${pattern}${ending}$`, "su").exec(name)?.groups;
  if (!found) return null;
  const { timestamp, date = "", time, again = "000000", database, job } = found;
  if (job !== undefined && decodeNamePart(job) !== facts.job) return null;
  const at =
    timestamp === undefined ? parseLocal(date, time ?? again, facts.timezone) : parseTimestamp(timestamp);
  const decoded = database === undefined ? null : decodeNamePart(database);
  if (at === null || (database !== undefined && decoded === null)) return null;
  return { at, database: decoded };
}

function tokensOf(template: string): readonly NameToken[] {
  const problem = findTemplateProblem(template);
  const tokens = parseTemplate(template);
  if (problem === null && tokens !== null) return tokens;
  throw new Failure("config.invalid", `Cannot use the name template "${template}": ${problem}`, {
    hint: 'Write a template such as "{database}_{date}".',
  });
}

function textOf(token: NameToken, facts: NameFacts, isLast: boolean): string {
  if (token.kind === "text") return token.text;
  if (token.variable === "date") return formatDate(facts);
  if (token.variable === "time") return formatTime(facts);
  if (token.variable === "timestamp") return formatTimestamp(facts.at);
  const value = facts[token.variable];
  if (value !== null) return encodeNamePart(value, isLast ? (appendix.exec(value)?.index ?? null) : null);
  throw new Failure(
    "config.invalid",
    `Cannot name a backup of job "${facts.job}": its source has no {database}`,
    {
      hint: "Use {job} in its name template.",
    },
  );
}

const variablePatterns: Readonly<Record<NameVariable, string>> = {
  date: "(?<date>\\d{4}-\\d\\d-\\d\\d)",
  time: "(?<time>\\d{6})",
  timestamp: "(?<timestamp>\\d{8}T\\d{6}Z)",
  database: "(?<database>.+?)",
  job: "(?<job>.+?)",
};

function patternOf(token: NameToken): string {
  return token.kind === "text" ? RegExp.escape(token.text) : variablePatterns[token.variable];
}

function formatDate(facts: NameFacts): string {
  return new Date(wallTimeOf(facts.at, facts.timezone)).toISOString().slice(0, 10);
}

function formatTime(facts: NameFacts): string {
  return new Date(wallTimeOf(facts.at, facts.timezone)).toISOString().slice(11, 19).replaceAll(":", "");
}

function parseLocal(date: string, time: string, timezone: string): Instant | null {
  const asUtc = parseTimestamp(`${date.replaceAll("-", "")}T${time}Z`);
  return asUtc === null ? null : instantOfWall(wallTime(asUtc), timezone);
}
