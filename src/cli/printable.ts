/**
 * Names come from databases, directories and files of others, and may hold what a terminal obeys: control
 * characters and marks that turn the direction of text. They are shown as \u{…}; line ends and our own
 * colours stay.
 */
export function printable(text: string): string {
  return text
    .split(ownColor)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(unsafe, spell)))
    .join("");
}

/** What paint.ts makes. */
const ownColor = new RegExp(`(${"\u001b"}\\[(?:0|1|2|22|31|32|33|39)m)`, "u");
const unsafe = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

function spell(character: string): string {
  return character === "\n" ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
