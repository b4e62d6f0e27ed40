/** The longest form that encodeNamePart gives to 63 bytes, PostgreSQL's limit, of anything. */
const namePartLimitBytes = 96;

/** What some file system, shell or share gives a meaning to. */
const foreignChar = /[/\\%:*?"<>|\p{Cc}\p{Zl}\p{Zp}]/u;

/** The first character of a text that has no place in a file name; null when there is none. */
export function findForeignChar(text: string): string | null {
  return foreignChar.exec(text)?.[0] ?? null;
}

/**
 * A name as part of a file name: what could be misread becomes %XX, and so does the character at
 * `misreadAt`; letters of every language stay. Names that grow too long this way become base64 after
 * "%=". Distinct names give distinct texts. Throws RangeError for half a surrogate pair.
 */
export function encodeNamePart(name: string, misreadAt: number | null = null): string {
  if (!name.isWellFormed()) throw new RangeError("a name with half a surrogate pair");
  const encoded = name.replace(/./gsu, (char, index: number) => {
    const misread = index === misreadAt || (index === 0 && /[.\- ]/.test(char));
    return misread || foreignChar.test(char) ? percentEncode(char) : char;
  });
  return byteLength(encoded) <= namePartLimitBytes ? encoded : `%=${toBase64(name)}`;
}

/** Null when the text is none that encodeNamePart makes. */
export function decodeNamePart(text: string): string | null {
  try {
    return text.startsWith("%=") ? fromBase64(text.slice(2)) : decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError || error instanceof DOMException || error instanceof TypeError) return null;
    throw error;
  }
}

/** `%2F` for "/": each byte of the character. */
export function percentEncode(char: string): string {
  return [...new TextEncoder().encode(char)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}

/** Bytes that a text takes in a file name. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function toBase64(text: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", ",").replaceAll("=", "");
}

function fromBase64(text: string): string {
  const binary = atob(text.replaceAll("-", "+").replaceAll(",", "/"));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
