/** A fenced block of a page, with what a reader and a test must know of it. */
export interface GuideBlock {
  /** "install.md:34", the line of the fence. */
  readonly place: string;
  /** The nearest heading above, without its marks. */
  readonly heading: string;
  readonly language: string;
  readonly text: string;
  /** Words of the HTML comment directly above the fence; "" without one. Readers do not see it. */
  readonly note: string;
  /** A block of output that stands directly below this one of commands: what the page says they print. */
  readonly output: string | null;
}

interface OpenPage {
  readonly blocks: readonly GuideBlock[];
  readonly heading: string;
  readonly note: string;
  readonly fence: {
    readonly line: number;
    readonly language: string;
    readonly lines: readonly string[];
  } | null;
  /** Nothing but blank lines since the last block. */
  readonly isDirect: boolean;
}

/** The fenced blocks of a page, in its order; output belongs to its commands and is no block of its own. */
export function readGuide(name: string, markdown: string): readonly GuideBlock[] {
  const empty: OpenPage = { blocks: [], heading: "", note: "", fence: null, isDirect: false };
  const lines = markdown.split("\n");
  return lines.reduce((page, line, index) => readLine(page, line, { name, number: index + 1 }), empty).blocks;
}

interface Place {
  readonly name: string;
  readonly number: number;
}

function readLine(page: OpenPage, line: string, place: Place): OpenPage {
  if (page.fence !== null) {
    if (line === "```") return closeFence(page, page.fence, place);
    return { ...page, fence: { ...page.fence, lines: [...page.fence.lines, line] } };
  }
  const language = /^```(\w*)$/.exec(line)?.[1];
  if (language !== undefined) return { ...page, fence: { line: place.number, language, lines: [] } };
  const heading = /^#+ (.*)$/.exec(line)?.[1];
  if (heading !== undefined) return { ...page, heading, note: "", isDirect: false };
  const note = /^<!-- (.*) -->$/.exec(line)?.[1];
  if (note !== undefined) return { ...page, note, isDirect: false };
  return line === "" ? page : { ...page, note: "", isDirect: false };
}

function closeFence(page: OpenPage, fence: NonNullable<OpenPage["fence"]>, { name }: Place): OpenPage {
  const text = fence.lines.join("\n");
  const last = page.blocks.at(-1);
  const open = { ...page, fence: null, note: "", isDirect: true };
  if (fence.language === "text" && page.isDirect && last?.language === "sh" && page.note === "") {
    return { ...open, blocks: [...page.blocks.slice(0, -1), { ...last, output: text }], isDirect: false };
  }
  const { heading, note } = page;
  const place = `${name}:${fence.line}`;
  return {
    ...open,
    blocks: [...page.blocks, { place, heading, language: fence.language, text, note, output: null }],
  };
}

/** The exit status with which the last command of a block is said to end. */
export function statusOf(block: GuideBlock): number {
  return Number(/^ends with (\d+)$/.exec(block.note)?.[1] ?? 0);
}

/**
 * The lines of a page's output that a command did not print, in this order. Numbers, dates, sizes, ids and the
 * width of columns may differ; "…" stands for anything; the command may have printed more lines between.
 */
export function missingLines(output: string, printed: string): readonly string[] {
  const rest = printed.split("\n").map(normalise);
  return output.split("\n").filter((line) => {
    if (line.trim() === "" || line.trim() === "…") return false;
    const found = rest.findIndex((text) => patternOf(line).test(text));
    rest.splice(0, found + 1);
    return found === -1;
  });
}

function patternOf(line: string): RegExp {
  const parts = normalise(line).split("…");
  return new RegExp(`^${parts.map((part) => RegExp.escape(part)).join(".*")}$`);
}

function normalise(line: string): string {
  return line
    .replace(/\b(tonight|today|tomorrow|(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b/g, "DAY")
    .replace(/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b/g, "DAY")
    .replace(/\b[0-9a-f]{12,}\b/g, "ID")
    .replace(/\d+(?:[.,:T-]\d+)*Z?/g, "0")
    .replace(/\b0 (ms|s|min|h|B|kB|MB|GB)\b/g, "0 UNIT")
    .replace(/\s+/g, " ")
    .trim();
}
