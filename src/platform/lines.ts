import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/**
 * The lines of a stream of UTF-8, as many at once as have come, without their newlines; what follows the last newline is a line too, unless it is
 * empty. Only a newline ends a line: readline also splits at characters that may stand in names (U+2028, a lone return).
 */
export async function* linesOf(stream: Readable): AsyncGenerator<readonly string[]> {
  const decoder = new StringDecoder("utf8");
  let held = "";
  for await (const chunk of stream) {
    const parts = `${held}${decoder.write(chunk)}`.split("\n");
    held = parts.pop() ?? "";
    if (parts.length > 0) yield parts;
  }
  held += decoder.end();
  if (held !== "") yield [held];
}
