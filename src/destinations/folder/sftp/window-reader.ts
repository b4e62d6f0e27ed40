import { Readable } from "node:stream";
import { Failure } from "../../../domain/failure.ts";
import type { SftpSession } from "./session.ts";
import { requestBytes, requestsAtOnce } from "./window-writer.ts";

export interface ReadSource {
  readonly session: SftpSession;
  readonly handle: Buffer;
  readonly start: number;
  /** Where the wanted bytes end; not beyond the file's. */
  readonly end: number;
  /** With its server, for messages. */
  readonly path: string;
  readonly translate: (error: unknown) => Error;
}

/** Reads with several requests on their way, in order; closes the file however it ends. */
export function createWindowReader(source: ReadSource): Readable {
  return Readable.from(blocksOf(source), { objectMode: false, highWaterMark: requestBytes });
}

async function* blocksOf(source: ReadSource): AsyncGenerator<Buffer> {
  const { session, handle, end } = source;
  const underWay: Promise<Buffer>[] = [];
  let position = source.start;
  try {
    while (position < end || underWay.length > 0) {
      while (position < end && underWay.length < requestsAtOnce) {
        const block = readBlock(source, position, Math.min(requestBytes, end - position));
        block.catch(() => undefined); // whoever awaits it in its turn hears of it
        underWay.push(block);
        position += requestBytes;
      }
      const next = await underWay.shift();
      if (next !== undefined) yield next;
    }
  } catch (error) {
    throw source.translate(error);
  } finally {
    session.tell((sftp, done) => sftp.close(handle, (error) => done(error, null)));
  }
}

/** A server may give less than was asked for, and is asked for the rest. */
async function readBlock(source: ReadSource, position: number, length: number): Promise<Buffer> {
  const { session, handle, path } = source;
  const block = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length; ) {
    const from = filled;
    const count = await session.ask<number>((sftp, done) =>
      sftp.read(handle, block, from, length - from, position + from, (error, bytesRead) =>
        done(isEndOfFile(error) ? null : error, isEndOfFile(error) ? 0 : bytesRead),
      ),
    );
    if (count <= 0) {
      throw new Failure("destination.io", `Cannot read "${path}": it ends at byte ${position + filled}`, {
        hint: "See what changed the file meanwhile.",
      });
    }
    filled += count;
  }
  return block;
}

function isEndOfFile(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === 1;
}
