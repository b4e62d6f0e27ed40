/**
 * Text from elsewhere (names, failures of other programs) made fit for messages: what ends a line, moves the
 * cursor, turns the direction of writing or is half a character is taken out.
 */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\p{Bidi_Control}/gu, "")
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim();
}

/** At most `limit` UTF-16 units, never half a character; what was cut shows as "…". */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** As shorten, in bytes of UTF-8. */
export function shortenBytes(text: string, limitBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= limitBytes) return text;
  const kept = new TextDecoder().decode(bytes.subarray(0, limitBytes - 3), { stream: true });
  return `${kept}…`;
}
