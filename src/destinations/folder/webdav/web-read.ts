import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { ByteRange } from "../../destination.ts";
import { type Attempt, answerFailure, translateNetwork } from "./web-failure.ts";

/** "bytes=5-9", as HTTP counts: the last byte included. */
export function rangeHeader(range: ByteRange | null): Readonly<Record<string, string>> {
  if (range === null) return {};
  return { range: `bytes=${range.start}-${range.start + range.length - 1}` };
}

/** The wanted part of an answer, also when the server gives the whole file instead. Fails when the line breaks before its end. */
export function readAnswer(response: IncomingMessage, range: ByteRange | null, attempt: Attempt): Readable {
  const { statusCode = 0 } = response;
  if (statusCode === 416) {
    response.resume();
    return Readable.from([], { objectMode: false }); // it begins behind the end
  }
  if (statusCode !== 200 && statusCode !== 206) throw answerFailure(response, attempt);
  const first = statusCode === 206 ? firstByteOf(response, range) : 0;
  const skip = Math.max(0, (range?.start ?? 0) - first);
  const take = range?.length ?? Number.POSITIVE_INFINITY;
  return Readable.from(partOf(response, { skip, take, attempt }), { objectMode: false });
}

/** Some servers move the range to a block's border. */
function firstByteOf(response: IncomingMessage, range: ByteRange | null): number {
  const [, first] = /^bytes (\d+)-/.exec(response.headers["content-range"] ?? "") ?? [];
  return first === undefined ? (range?.start ?? 0) : Number(first);
}

interface Part {
  readonly skip: number;
  readonly take: number;
  readonly attempt: Attempt;
}

async function* partOf(response: IncomingMessage, { skip, take, attempt }: Part): AsyncGenerator<Buffer> {
  let position = 0;
  try {
    for await (const chunk of response) {
      const bytes = Buffer.from(chunk);
      const wanted = bytes.subarray(Math.max(0, skip - position), Math.max(0, skip + take - position));
      position += bytes.length;
      if (wanted.length > 0) yield wanted;
      if (position >= skip + take) return;
    }
  } catch (error) {
    throw translateNetwork(error, attempt);
  }
}
