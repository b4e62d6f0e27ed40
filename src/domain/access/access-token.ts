import { Failure } from "../failure.ts";
import { formatInstant, type Instant, parseInstant } from "../instant.ts";

/** What a token allows, weakest first; each includes those before it. */
export const scopes = ["read", "operate", "admin"] as const;

export type Scope = (typeof scopes)[number];

/** A token as it is kept: never the token itself. */
export interface AccessToken {
  readonly name: string;
  readonly scope: Scope;
  /** Of the token's text, 64 hex digits. A fast hash is enough: the token is 256 random bits. */
  readonly sha256: string;
  readonly createdAt: Instant;
}

/** Whether a scope includes another. */
export function allows(held: Scope, needed: Scope): boolean {
  return scopes.indexOf(held) >= scopes.indexOf(needed);
}

/** Of 32 random bytes: `cbk_` and 43 letters; the prefix lets scanners of leaked secrets find it. */
export function tokenText(randomBytes: Uint8Array): string {
  return `cbk_${btoa(String.fromCharCode(...randomBytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "")}`;
}

export const tokenNameRule = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,47}$/;

/** `NAME SCOPE SHA256 CREATED` */
function formatTokenLine({ name, scope, sha256, createdAt }: AccessToken): string {
  return `${name} ${scope} ${sha256} ${formatInstant(createdAt)}`;
}

/** One line of the file: a token, or null for a comment or an empty line. Throws "http.tokens" for anything else. */
function parseTokenLine(line: string, number: number): AccessToken | null {
  if (line.trim() === "" || line.startsWith("#")) return null;
  const [name = "", scope = "", sha256 = "", created = "", ...rest] = line.trim().split(/\s+/);
  const found = scopes.find((one) => one === scope);
  const createdAt = parseInstant(created);
  const isWhole = tokenNameRule.test(name) && /^[0-9a-f]{64}$/.test(sha256) && rest.length === 0;
  if (found !== undefined && createdAt !== null && isWhole) return { name, scope: found, sha256, createdAt };
  throw new Failure(
    "http.tokens",
    `Cannot read the tokens: line ${number} is not "NAME SCOPE SHA256 CREATED"`,
    {
      hint: "Mend or remove the line; write lines with codex-backup token create only.",
    },
  );
}

/** In file order. Throws "http.tokens": a file that is half understood lets nobody in. */
export function parseTokens(text: string): readonly AccessToken[] {
  return text.split("\n").flatMap((line, index) => parseTokenLine(line, index + 1) ?? []);
}

/** The file's text with one more token; comments stay. Throws "usage.refused" when the name is taken. */
export function withToken(text: string, token: AccessToken): string {
  if (parseTokens(text).some(({ name }) => name === token.name)) {
    throw new Failure("usage.refused", `Cannot create token "${token.name}": there is one of this name`, {
      hint: `Choose another name, or revoke it first: codex-backup token revoke ${token.name}.`,
    });
  }
  const head = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  return `${head}${formatTokenLine(token)}\n`;
}

/** The file's text without the token; comments stay. Throws "usage.invalid-value" when there is none of this name. */
export function withoutToken(text: string, name: string): string {
  const tokens = parseTokens(text);
  if (!tokens.some((token) => token.name === name)) {
    const known = tokens.map((token) => `"${token.name}"`).join(", ") || "none";
    throw new Failure("usage.invalid-value", `Cannot revoke token "${name}": the file has ${known}`, {
      hint: "See them with codex-backup token list.",
    });
  }
  const lines = text.split("\n");
  return lines.filter((line, index) => parseTokenLine(line, index + 1)?.name !== name).join("\n");
}

/** The file of `http.tokenFile`, as commands use it. */
export interface TokenFile {
  /** Empty when there is no file. Throws "http.tokens". */
  list(): Promise<readonly AccessToken[]>;
  /** Adds a token (0600, atomically) and returns its text, which stands nowhere else. */
  create(wish: Pick<AccessToken, "name" | "scope">): Promise<string>;
  revoke(name: string): Promise<void>;
}
