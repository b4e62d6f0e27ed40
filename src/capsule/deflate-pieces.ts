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
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>> | Iterable<Uint8Array<ArrayBuffer>>,
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
