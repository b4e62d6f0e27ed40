import { readNameList, readQualifiedName, type Token, tokenise } from "./tokens.ts";
import { unreadable } from "./unreadable.ts";

/** PostgreSQL's names of server encodings, and how Node calls them. Others are shown byte by byte. */
const decoders: Readonly<Record<string, string>> = {
  UTF8: "utf-8",
  UNICODE: "utf-8",
  EUC_JP: "euc-jp",
  EUC_KR: "euc-kr",
  EUC_CN: "gbk",
  KOI8R: "koi8-r",
  KOI8U: "koi8-u",
  LATIN2: "iso-8859-2",
  LATIN3: "iso-8859-3",
  LATIN4: "iso-8859-4",
  LATIN5: "iso-8859-9",
  LATIN6: "iso-8859-10",
  LATIN7: "iso-8859-13",
  LATIN8: "iso-8859-14",
  LATIN9: "iso-8859-15",
  LATIN10: "iso-8859-16",
  ISO_8859_5: "iso-8859-5",
  ISO_8859_6: "iso-8859-6",
  ISO_8859_7: "iso-8859-7",
  ISO_8859_8: "iso-8859-8",
  WIN866: "ibm866",
  WIN874: "windows-874",
  WIN1250: "windows-1250",
  WIN1251: "windows-1251",
  WIN1252: "windows-1252",
  WIN1253: "windows-1253",
  WIN1254: "windows-1254",
  WIN1255: "windows-1255",
  WIN1256: "windows-1256",
  WIN1257: "windows-1257",
  WIN1258: "windows-1258",
};

/** No server can have these: their second bytes may be ASCII, so that quotes could hide in them. */
const clientOnly = new Set(["SJIS", "BIG5", "GBK", "UHC", "GB18030", "JOHAB", "SHIFT_JIS_2004"]);

/** A byte order mark can be the first letter of a name. */
function decoderOf(label: string): TextDecoder {
  return new TextDecoder(label, { ignoreBOM: true });
}

/** What the dump's own SET statements change in how the rest of it is read. */
export class DumpSession {
  #decoder: TextDecoder | null = decoderOf("utf-8");
  #standardStrings = true;
  #defaultSchema = "public";

  get standardStrings(): boolean {
    return this.#standardStrings;
  }

  /** Where names without a schema belong: pg_dump before 2018 relied on search_path. */
  get defaultSchema(): string {
    return this.#defaultSchema;
  }

  decode(bytes: Buffer): string {
    return this.#decoder === null ? bytes.toString("latin1") : this.#decoder.decode(bytes);
  }

  tokens(bytes: Buffer): readonly Token[] {
    return tokenise(this.decode(bytes), this.#standardStrings);
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
    const label = decoders[encoding];
    this.#decoder = label === undefined ? null : decoderOf(label);
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
