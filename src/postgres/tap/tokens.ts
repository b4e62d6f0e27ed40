/** One token of a short statement. Unquoted names are folded to lower case, as the server does. */
export interface Token {
  readonly kind: "name" | "quoted-name" | "string" | "number" | "symbol";
  /** Without quotes, and with escapes resolved. */
  readonly text: string;
}

const space = /\s+/y;
const quotedName = /"([^"]*(?:""[^"]*)*)"/y;
const plainString = /'([^']*(?:''[^']*)*)'/y;
const escapeString = /'([^'\\]*(?:(?:''|\\.)[^'\\]*)*)'/sy;
const name = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const number = /-?\d+/y;

/**
 * Splits statements of the few forms that pg_dump writes round data (COPY, setval, lo_open, SET). Comments
 * and dollar quotes do not occur in them and come out as symbols. `standardStrings` as in the dump's session.
 */
export function tokenise(text: string, standardStrings: boolean): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at += found[0].length;
    return found;
  };
  while (at < text.length) {
    if (take(space) !== null) continue;
    const isEscape = /^[eE]'/.test(text.slice(at, at + 2));
    if (isEscape) at++;
    tokens.push(nextToken(take, isEscape || !standardStrings) ?? { kind: "symbol", text: text[at++] ?? "" });
  }
  return tokens;
}

function nextToken(take: (pattern: RegExp) => RegExpExecArray | null, hasEscapes: boolean): Token | null {
  const quoted = take(quotedName);
  if (quoted !== null) return { kind: "quoted-name", text: (quoted[1] ?? "").replaceAll('""', '"') };
  const string = take(hasEscapes ? escapeString : plainString);
  if (string !== null) return { kind: "string", text: withoutEscapes(string[1] ?? "", hasEscapes) };
  const digits = take(number);
  if (digits !== null) return { kind: "number", text: digits[0] };
  const word = take(name);
  if (word !== null) return { kind: "name", text: foldCase(word[0]) };
  return null;
}

/** pg_dump escapes quotes and backslashes by doubling them, nothing else. */
function withoutEscapes(body: string, hasEscapes: boolean): string {
  const text = body.replaceAll("''", "'");
  return hasEscapes ? text.replace(/\\(.)/gs, "$1") : text;
}

function foldCase(word: string): string {
  return word.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** A name as COPY and setval give it, `name` or `schema.name`; `next` is the token after it. */
export function readQualifiedName(
  tokens: readonly Token[],
  from: number,
): { readonly schema: string | null; readonly name: string; readonly next: number } | null {
  const first = nameAt(tokens, from);
  if (first === null || !isSymbol(tokens[from + 1], ".")) {
    return first === null ? null : { schema: null, name: first, next: from + 1 };
  }
  const second = nameAt(tokens, from + 2);
  return second === null ? null : { schema: first, name: second, next: from + 3 };
}

/** `(name, name, …)`; no list at all is an empty one. Null when it is malformed. */
export function readNameList(
  tokens: readonly Token[],
  from: number,
): { readonly names: readonly string[]; readonly next: number } | null {
  if (!isSymbol(tokens[from], "(")) return { names: [], next: from };
  const names: string[] = [];
  for (let at = from + 1; ; at += 2) {
    const found = nameAt(tokens, at);
    if (found === null) return null;
    names.push(found);
    if (isSymbol(tokens[at + 1], ")")) return { names, next: at + 2 };
    if (!isSymbol(tokens[at + 1], ",")) return null;
  }
}

function nameAt(tokens: readonly Token[], at: number): string | null {
  const token = tokens[at];
  return token?.kind === "name" || token?.kind === "quoted-name" ? token.text : null;
}

function isSymbol(token: Token | undefined, text: string): boolean {
  return token?.kind === "symbol" && token.text === text;
}
