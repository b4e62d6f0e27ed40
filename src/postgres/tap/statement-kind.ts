/**
 * What a statement of a dump is for. "schema" is everything that is not data, not a data wrapper, and not
 * one of the kinds that a restore for proof leaves out or that never come back equal.
 */
export type StatementRole =
  | "schema"
  | "setval"
  | "large-object-open"
  | "large-object-write"
  | "large-object-close"
  /** The BEGIN and COMMIT that pg_dump puts round large objects; it writes no others. */
  | "transaction"
  /** CREATE SUBSCRIPTION and what depends on it: restoring them would reach for the publisher (PROOF 4.3). */
  | "subscription"
  /** Planner statistics (pg_dump 18 with --statistics): estimates, not content. */
  | "statistics";

const roleOfFunction: Readonly<Record<string, StatementRole>> = {
  SETVAL: "setval",
  LO_OPEN: "large-object-open",
  LOWRITE: "large-object-write",
  LO_CLOSE: "large-object-close",
  PG_RESTORE_RELATION_STATS: "statistics",
  PG_RESTORE_ATTRIBUTE_STATS: "statistics",
};

/** True for the roles whose statements carry content: sequences' values and large objects' bytes. */
export function isData(role: StatementRole): boolean {
  return role === "setval" || role.startsWith("large-object-");
}

/** `words` as in a "statement" event. */
export function roleOf(words: readonly string[]): StatementRole {
  const [first, second, third] = words;
  if (words.length === 1 && (first === "BEGIN" || first === "COMMIT")) return "transaction";
  if (first === "SELECT") return roleOfSelect(words);
  const isSubscription =
    (second === "SUBSCRIPTION" && ["CREATE", "ALTER", "DROP"].includes(first ?? "")) ||
    (first === "COMMENT" && third === "SUBSCRIPTION") ||
    (first === "SECURITY" && second === "LABEL" && labelledKind(words) === "SUBSCRIPTION");
  return isSubscription ? "subscription" : "schema";
}

/** `SELECT [* FROM] pg_catalog.function(…)`. */
function roleOfSelect(words: readonly string[]): StatementRole {
  const at = words.indexOf("PG_CATALOG");
  if (at !== 1 && !(at === 2 && words[1] === "FROM")) return "schema";
  return roleOfFunction[words[at + 1] ?? ""] ?? "schema";
}

function labelledKind(words: readonly string[]): string | undefined {
  const at = words.indexOf("ON");
  return at === -1 ? undefined : words[at + 1];
}

/** Words between CREATE and the kind of object. */
const modifiers = new Set([
  "OR",
  "REPLACE",
  "UNIQUE",
  "UNLOGGED",
  "CONSTRAINT",
  "RECURSIVE",
  "DEFAULT",
  "TRUSTED",
  "PROCEDURAL",
]);

/** Object kinds of several words. */
const longKinds = [
  "ACCESS METHOD",
  "DEFAULT PRIVILEGES",
  "EVENT TRIGGER",
  "FOREIGN DATA WRAPPER",
  "FOREIGN TABLE",
  "LARGE OBJECT",
  "MATERIALIZED VIEW",
  "OPERATOR CLASS",
  "OPERATOR FAMILY",
  "TEXT SEARCH CONFIGURATION",
  "TEXT SEARCH DICTIONARY",
  "TEXT SEARCH PARSER",
  "TEXT SEARCH TEMPLATE",
  "USER MAPPING",
];

/** The name under which a statement is counted: "CREATE INDEX" (also unique), "COMMENT ON", "GRANT", "SET". */
export function kindOf(words: readonly string[]): string {
  const [first = "", second = ""] = words;
  if (first === "COMMENT" || first === "SECURITY" || first === "REFRESH") return `${first} ${second}`;
  if (first !== "CREATE" && first !== "ALTER" && first !== "DROP") return first;
  const rest = words.slice(1);
  const kind = first === "CREATE" ? withoutModifiers(rest) : rest;
  const text = kind.join(" ");
  const long = longKinds.find((name) => text === name || text.startsWith(`${name} `));
  return `${first} ${long ?? kind[0] ?? ""}`.trimEnd();
}

function withoutModifiers(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => !modifiers.has(word));
  return at === -1 ? words : words.slice(at);
}
