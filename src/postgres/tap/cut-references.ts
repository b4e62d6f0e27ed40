/** An object that a statement names with its schema. pg_dump writes no other names of objects outside pg_catalog. */
export interface Reference {
  /** See keyOf. */
  readonly key: string;
  readonly schema: string;
  /** A parenthesis follows: a function, not a table of that name. */
  readonly isCall: boolean;
  /** Inside the text of a function, which is not looked at before it is called. */
  readonly isInBody: boolean;
}

const name = String.raw`(?:"[^"]*(?:""[^"]*)*"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`;
const operator = String.raw`[-+*/<>=~!@#%^&|?\x60]+`;
const chain = `(?<chain>${name}(?:\\.${name})*(?:\\.${operator})?)(?<call>\\s*\\()?`;
const chains = new RegExp(chain, "gu");
const tokens = new RegExp(
  [
    String.raw`--[^\n]*`,
    String.raw`/\*[^]*?\*/`,
    String.raw`\$(?<tag>(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$(?<body>[^]*?)\$\k<tag>\$`,
    String.raw`[eE]'[^'\\]*(?:(?:''|\\.)[^'\\]*)*'`,
    `'(?<text>[^']*(?:''[^']*)*)'(?<cast>::reg[a-z]+)?`,
    chain,
  ].join("|"),
  "gu",
);
const part = new RegExp(`${name}|${operator}`, "gu");

/** One text for a schema and a name. */
export function keyOf(schema: string, name: string): string {
  return `${schema}\0${name}`;
}

/**
 * The names of the form schema.name in a statement, in order. `isRoutine`: its strings and dollar quotes are a body.
 * Strings that are cast to regclass and the like name objects too: sequences of defaults.
 */
export function referencesIn(statement: string, isRoutine = false): readonly Reference[] {
  return [...references(statement, isRoutine)];
}

function* references(text: string, isRoutine: boolean): Generator<Reference> {
  for (const { groups = {} } of text.matchAll(tokens)) {
    const { chain, call, cast, body, text: string } = groups;
    if (chain !== undefined) yield* reference(chain, { isCall: call !== undefined, isInBody: false });
    else if (cast !== undefined) yield* referencesInText(string ?? "", false);
    else if (isRoutine) yield* referencesInText(body ?? string?.replaceAll("''", "'") ?? "", true);
  }
}

/** In any language: what looks like a name is taken for one. Quotes and comments need not be closed in it. */
function* referencesInText(text: string, isInBody: boolean): Generator<Reference> {
  for (const { groups = {} } of text.matchAll(chains)) {
    const { chain = "", call } = groups;
    yield* reference(chain, { isCall: call !== undefined, isInBody });
  }
}

function* reference(chain: string, kind: Pick<Reference, "isCall" | "isInBody">): Generator<Reference> {
  const [schema, object] = (chain.match(part) ?? []).map(unquoted);
  if (schema !== undefined && object !== undefined) yield { key: keyOf(schema, object), schema, ...kind };
}

/** The first unquoted or quoted name of a text, after `lead`; null when there is none. */
export function nameAfter(text: string, lead: string): string | null {
  const found = new RegExp(`${lead}\\s+(${name})`, "u").exec(text)?.[1];
  return found === undefined ? null : unquoted(found);
}

function unquoted(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written;
}
