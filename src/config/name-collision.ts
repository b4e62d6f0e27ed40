import { type NameToken, parseTemplate } from "../domain/backups/name-template.ts";
import type { CapsuleJob, PostgresJob } from "../domain/jobs/job.ts";
import { encodeNamePart } from "../domain/name-part.ts";

/** One position of a name: a certain character, any digit, or any character at all, once or more. */
type Place =
  | { readonly kind: "char"; readonly char: string }
  | { readonly kind: "digit" }
  | { readonly kind: "many" };

const date: readonly Place[] = shapeOfMask("dddd-dd-dd");
const time: readonly Place[] = shapeOfMask("dddddd");
const timestamp: readonly Place[] = shapeOfMask("ddddddddTddddddZ");
const many: readonly Place[] = [{ kind: "many" }];

/** True when the two jobs could ever give one name to two backups, a second run on a day included. */
export function canCollide(one: PostgresJob | CapsuleJob, other: PostgresJob | CapsuleJob): boolean {
  const others = shapesOf(other);
  return shapesOf(one).some((shape) => others.some((against) => overlap(shape, against)));
}

function shapesOf(job: PostgresJob | CapsuleJob): readonly (readonly Place[])[] {
  const tokens = parseTemplate(job.nameTemplate) ?? [];
  return databasesOf(job).flatMap((database) => {
    const plain = tokens.flatMap((token) => shapeOfToken(token, job.name, database));
    const hasTime = /\{time(stamp)?\}/.test(job.nameTemplate);
    return hasTime ? [plain] : [plain, [...plain, { kind: "char", char: "_" } as const, ...time]];
  });
}

/** Null stands for any name. */
function databasesOf(job: PostgresJob | CapsuleJob): readonly (string | null)[] {
  if (job.kind === "capsule") return [""];
  return job.databases.kind === "all" ? [null] : job.databases.names;
}

function shapeOfToken(token: NameToken, job: string, database: string | null): readonly Place[] {
  if (token.kind === "text") return shapeOfText(token.text);
  switch (token.variable) {
    case "date":
      return date;
    case "time":
      return time;
    case "timestamp":
      return timestamp;
    case "job":
      return shapeOfText(encodeNamePart(job));
    case "database":
      return database === null ? many : shapeOfText(encodeNamePart(database));
    default:
      return token.variable satisfies never;
  }
}

function shapeOfMask(mask: string): readonly Place[] {
  return [...mask].map((char) => (char === "d" ? { kind: "digit" } : { kind: "char", char }));
}

function shapeOfText(text: string): readonly Place[] {
  return [...text].map((char) => ({ kind: "char", char }));
}

/** Whether some text fits both shapes; each pair of positions is looked at once. */
function overlap(one: readonly Place[], other: readonly Place[]): boolean {
  const seen = new Set<number>();
  const open: (readonly [number, number])[] = [[0, 0]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [i, j] = pair;
    const [a, b] = [one[i], other[j]];
    if (!a && !b) return true;
    const key = i * (other.length + 1) + j;
    if (!a || !b || seen.has(key) || !fit(a, b)) continue;
    seen.add(key);
    open.push([i + 1, j + 1]);
    if (a.kind === "many") open.push([i, j + 1]);
    if (b.kind === "many") open.push([i + 1, j]);
  }
  return false;
}

function fit(a: Place, b: Place): boolean {
  if (a.kind === "many" || b.kind === "many") return true;
  if (a.kind === "digit" && b.kind === "digit") return true;
  if (a.kind === "char" && b.kind === "char") return a.char === b.char;
  const { char } = a.kind === "char" ? a : b.kind === "char" ? b : { char: "" };
  return /^\d$/.test(char);
}
