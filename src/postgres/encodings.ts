import { encodeLoose, escapeLoose } from "./loose-text.ts";

/** PostgreSQL's names of server encodings, and how Node calls them. In others, what is not UTF-8 is escaped. */
const decoders: Readonly<Record<string, string>> = {
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

/** Shows loose text to people and to JSON. What cannot be read in this encoding is escaped, so that no two become alike. */
export function showerOf(encoding: string): (text: string) => string {
  if (encoding === "UTF8" || encoding === "UNICODE")
    return (text) => (text.isWellFormed() ? text : escapeLoose(text));
  const decode = decoderOf(encoding);
  if (decode === null) return escapeLoose;
  return (text) => {
    const shown = isAscii(text) ? text : decode(encodeLoose(text));
    return shown.includes("\ufffd") ? escapeLoose(text) : shown;
  };
}

/** Names of databases are bytes, whatever the encoding of the one in which they are asked for; those in UTF-8 can be named. */
export function showDatabase(name: string): string {
  return name.isWellFormed() ? name : escapeLoose(name);
}

/** Whether a database of this encoding takes loose text as it is; one that knows no letters, or only single bytes, takes all. */
export function takes(encoding: string, text: string): boolean {
  if (isAscii(text)) return true;
  if (encoding === "UTF8") return text.isWellFormed();
  if (encoding.startsWith("EUC_") || encoding === "MULE_INTERNAL")
    return decoderOf(encoding)?.(encodeLoose(text)).includes("\ufffd") === false;
  return true;
}

/** Null: nothing is known of its letters. */
export function decoderOf(encoding: string): ((bytes: Buffer) => string) | null {
  if (encoding === "LATIN1") return (bytes) => bytes.toString("latin1");
  const label = decoders[encoding];
  if (label === undefined) return null;
  // A byte order mark can be the first letter of a name.
  const decoder = new TextDecoder(label, { ignoreBOM: true });
  return (bytes) => decoder.decode(bytes);
}

function isAscii(text: string): boolean {
  return !/[\u0080-\uffff]/.test(text);
}
