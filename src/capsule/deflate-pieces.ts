import { ahead } from "./ahead.ts";
import type { Crew } from "./crew.ts";
import { joinOwned } from "./pack-files.ts";

/** 1 MiB: large enough that hand-over costs nothing, small enough that several fit into memory. */
export const pieceBytes = 1024 * 1024;
const dictionaryBytes = 32 * 1024;

/**
 * Deflates what `pieces` yields (none empty but a last one) side by side, as one raw deflate stream. The buffers are
 * handed over: each must own its memory. An empty piece ends the stream.
 */
export async function* deflatePieces(
  crew: Crew,
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array> {
  const depth = crew.size * 2 + 1;
  const started: Promise<Uint8Array>[] = [];
  let dictionary: Uint8Array<ArrayBuffer> | null = null;
  for await (const content of pieces) {
    const tail = joinOwned([content.subarray(-dictionaryBytes)]);
    const isLast = content.length === 0;
    started.push(crew.ask("deflate", { content, dictionary, isLast }, [content.buffer]));
    dictionary = tail;
    if (started.length >= depth) yield* taken(started.splice(0, 1));
  }
  yield* taken(started);
}

async function* taken(started: readonly Promise<Uint8Array>[]): AsyncGenerator<Uint8Array> {
  for (const result of started) yield await result;
}

/** The same for content that is in memory already. */
export async function* deflateWhole(crew: Crew, content: Uint8Array): AsyncGenerator<Uint8Array> {
  const starts: number[] = [];
  for (let start = 0; start < content.length; start += pieceBytes) starts.push(start);
  const pieces = ahead(starts, {
    start: (start) =>
      crew.ask("deflate", {
        content: joinOwned([content.subarray(start, start + pieceBytes)]),
        dictionary: start === 0 ? null : joinOwned([content.subarray(start - dictionaryBytes, start)]),
        isLast: start + pieceBytes >= content.length,
      }),
    weightOf: () => 1,
    maxWeight: crew.size * 2 + 1,
    maxCount: crew.size * 2 + 1,
  });
  for await (const [, piece] of pieces) yield piece;
}
