import { stripVTControlCharacters } from "node:util";
import type { Writer } from "./cli.ts";

/** Colours, where they are wanted; else the text as it is. Words and order carry the meaning, colours never alone. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  doubtful(text: string): string;
  strong(text: string): string;
  faint(text: string): string;
}

export interface PaintWish {
  readonly writer: Pick<Writer, "isTerminal">;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** False with --no-color. */
  readonly isWanted: boolean;
}

/** No colours off a terminal, with NO_COLOR (https://no-color.org) or on a dumb terminal. */
export function createPaint({ writer, env, isWanted }: PaintWish): Paint {
  const isColored = isWanted && writer.isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
  const wrap = (open: number, close: number) => (text: string) =>
    isColored && text !== "" ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bad: wrap(31, 39),
    good: wrap(32, 39),
    doubtful: wrap(33, 39),
    strong: wrap(1, 22),
    faint: wrap(2, 22),
  };
}

/** For documents and tests. */
export const plainPaint: Paint = { bad: same, good: same, doubtful: same, strong: same, faint: same };

function same(text: string): string {
  return text;
}

/** Columns that the text takes on a terminal, colours not counted. */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length; // nearly always, and a hundred times as fast
  return [...stripVTControlCharacters(text)].reduce((sum, character) => sum + (isWide(character) ? 2 : 1), 0);
}

/** Characters that terminals draw two columns wide. */
function isWide(character: string): boolean {
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
    character,
  );
}
