import { Readable } from "node:stream";
import { conninfoOf } from "../access.ts";
import { unsharedDumpArgs } from "../dump/arguments.ts";
import { startDump } from "../dump/running-dump.ts";
import { outputPins } from "../pins.ts";
import type { ReadDump } from "../postgres.ts";
import type { ServerContext } from "../server.ts";
import { readDump } from "../tap/read-dump.ts";

export interface ReadBackOrder {
  readonly database: string;
  /** That of the dump which it is compared with. */
  readonly encoding: string;
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number) => void;
}

/** Dumps a database as a backup would, and reads that. */
export async function readBack(context: ServerContext, order: ReadBackOrder): Promise<ReadDump> {
  const { access } = context;
  const { database, encoding, signal, onProgress } = order;
  const settings = { ...outputPins, ...(context.facts.isSuperuser ? { lc_messages: "C" } : {}) };
  const dbname = conninfoOf(access, { database, purpose: "dump", settings });
  const running = await startDump(access, { args: unsharedDumpArgs(dbname, encoding), database, signal });
  try {
    const text = Readable.from(counted(running.stream, onProgress), { objectMode: false });
    const read = await readDump(text, { signal });
    await running.finish();
    return read;
  } catch (error) {
    await running.cancel();
    throw error;
  }
}

async function* counted(stream: Readable, onProgress: (doneBytes: number) => void): AsyncGenerator<Buffer> {
  let doneBytes = 0;
  // A stream of bytes: no encoding is ever set on it.
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    doneBytes += chunk.length;
    onProgress(doneBytes);
    yield chunk;
  }
}
