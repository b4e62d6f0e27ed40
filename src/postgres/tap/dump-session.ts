import { showerOf } from "../encodings.ts";
import { decodeLoose } from "../loose-text.ts";
import { readNameList, readQualifiedName, type Token, tokenise } from "./tokens.ts";
import { unreadable } from "./unreadable.ts";

/** No server can have these: their second bytes may be ASCII, so that quotes could hide in them. */
const clientOnly = new Set(["SJIS", "BIG5", "GBK", "UHC", "GB18030", "JOHAB", "SHIFT_JIS_2004"]);

/** What the dump's own SET statements change in how the rest of it is read. */
export class DumpSession {
  #encoding = "UTF8";
  #show = showerOf("UTF8");
  #standardStrings = true;
  #defaultSchema = "public";

  /** What the dump says that its bytes are: client_encoding. */
  get encoding(): string {
    return this.#encoding;
  }

  get standardStrings(): boolean {
    return this.#standardStrings;
  }

  /** Where names without a schema belong: pg_dump before 2018 relied on search_path. */
  get defaultSchema(): string {
    return this.#defaultSchema;
  }

  /** As text for people and for JSON; see loose-text.ts for what cannot be read. */
  decode(bytes: Buffer): string {
    return this.#show(decodeLoose(bytes));
  }

  tokens(bytes: Buffer): readonly Token[] {
    const tokens = tokenise(decodeLoose(bytes), this.#standardStrings);
    return tokens.map(({ kind, text }) => ({ kind, text: this.#show(text) }));
  }

  /** A SET statement, whole. Throws Failure "postgres.dump-unreadable" for an encoding that hides quotes. */
  set(bytes: Buffer): void {
    const [, parameter, , value] = this.tokens(bytes);
    if (parameter === undefined || value === undefined) return;
    if (parameter.text === "standard_conforming_strings") this.#standardStrings = value.text !== "off";
    else if (parameter.text === "client_encoding") this.#setEncoding(value.text.toUpperCase());
    else if (parameter.text === "search_path") this.#defaultSchema = value.text;
  }

  #setEncoding(encoding: string): void {
    if (clientOnly.has(encoding)) throw unreadable(`its encoding is "${encoding}", in which quotes can hide`);
    this.#encoding = encoding;
    this.#show = showerOf(encoding);
  }
}

export interface CopyTarget {
  readonly schema: string;
  readonly name: string;
  /** Empty for a table without columns. */
  readonly columns: readonly string[];
}

/** The target of `COPY name (columns) FROM stdin`; null when it has another form. */
export function readCopyTarget(bytes: Buffer, session: DumpSession): CopyTarget | null {
  const tokens = session.tokens(bytes);
  const target = readQualifiedName(tokens, 1);
  if (target === null) return null;
  const list = readNameList(tokens, target.next);
  if (list === null || tokens[list.next]?.kind !== "name" || tokens[list.next]?.text !== "from") return null;
  return { schema: target.schema ?? session.defaultSchema, name: target.name, columns: list.names };
}
