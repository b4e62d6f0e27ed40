import type { z } from "zod";
import { describePath, type Path, type Problem, suggestion, unknownKey, wrongValue } from "./problem.ts";
import { isRecord } from "./unavailable.ts";

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** What the schema found wrong in `value`, which stands at `path` of the file. */
export type Checked<Value> =
  | { readonly kind: "valid"; readonly value: Value }
  | { readonly kind: "wrong"; readonly problems: readonly Problem[] };

/** Checks a value; every problem says what was found and what is allowed. Values that may be secret are not shown. */
export function check<Value>(schema: z.ZodType<Value>, value: unknown, path: Path): Checked<Value> {
  const result = schema.safeParse(value, { error: allowedOf });
  if (result.success) return { kind: "valid", value: result.data };
  return { kind: "wrong", problems: result.error.issues.flatMap((issue) => problemsOf(issue, value, path)) };
}

/** The issue's message is what is allowed; a schema's own text goes before this one. */
function allowedOf(issue: RawIssue): string {
  if (issue.code === "unrecognized_keys") return keysOf(issue.inst).join(", ");
  if (issue.code === "invalid_value") return issue.values.map(String).join(", ");
  if (issue.code === "invalid_type") return nounOf(issue.expected);
  if (issue.code === "too_small") return "at least one";
  return issue.message ?? "another value";
}

const groupOfKeys = "a group of keys";

const nouns: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: groupOfKeys,
  record: groupOfKeys,
};

function nounOf(expected: string): string {
  return nouns[expected] ?? expected;
}

/** The keys that a strict object knows, from the schema that raised the issue. */
function keysOf(schema: unknown): readonly string[] {
  const definition = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def; // zod's documented layout of schemas
  return Object.keys(definition?.shape ?? {});
}

function problemsOf(issue: Issue, value: unknown, base: Path): readonly Problem[] {
  const path = [...base, ...issue.path.map((part) => (typeof part === "symbol" ? part.toString() : part))];
  const found = valueAt(value, issue.path);
  if (issue.code === "unrecognized_keys") {
    const allowed = issue.message.split(", ");
    return issue.keys.map((key) => unknownKey(path, key, allowed));
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    return closestBranch(issue.errors).flatMap((inner) => problemsOf(inner, found, path));
  }
  if (found === undefined) return [missing(path, issue.message)];
  const near =
    issue.code === "invalid_value" && typeof found === "string"
      ? suggestion(found, issue.values.map(String))
      : "";
  return [wrongValue(path, describeFound(found, path), issue.message + near)];
}

function missing(path: Path, allowed: string): Problem {
  return { path, at: "key", message: `${describePath(path)} is missing; needed: ${allowed}` };
}

/** Of a choice, the branch that the operator most likely meant: one whose basic type is right, with the fewest faults. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const weigh = (issues: readonly Issue[]) =>
    issues.some((issue) => issue.code === "invalid_type" && issue.path.length === 0) ? 1000 : issues.length;
  const [best] = [...branches].sort((a, b) => weigh(a) - weigh(b));
  if (!best) return [];
  if (weigh(best) < 1000) return best;
  const [first] = best;
  if (!first) return [];
  const allowed = new Set(branches.flatMap((issues) => issues.map((issue) => issue.message)));
  if (allowed.size > 1) allowed.delete(groupOfKeys);
  return [{ ...first, message: [...allowed].join(", or ") }];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, part) => {
    if (Array.isArray(inner)) return inner[Number(part)];
    return isRecord(inner) && typeof part === "string" ? inner[part] : undefined;
  }, value);
}

const secretPath =
  /^(password|url|env|ping|signingKey|headers|topic|token|botToken|routingKey|keyId|secret|sessionToken|privateKey|passphrase|key|sas|remote|args|proxy|endpoint)$/;

/** The value as it can be shown: short, quoted, and not at all where it may be a secret. */
function describeFound(found: unknown, path: Path): string {
  if (found === null) return "empty";
  if (Array.isArray(found)) return found.length === 0 ? "an empty list" : "a list";
  if (typeof found === "object") return groupOfKeys;
  if (path.some((part) => secretPath.test(String(part)))) return `a ${typeof found}`;
  const text = JSON.stringify(found);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
