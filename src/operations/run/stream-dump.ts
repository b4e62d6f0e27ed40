import { pipeline } from "node:stream/promises";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import { type Compressed, compress } from "../../platform/compression.ts";
import type { RunningDump, Snapshot } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { FanOut } from "../delivery/fan-out.ts";
import type { ProducedFile } from "./produce.ts";
import type { Watch } from "./watch.ts";

/** A dump between the server and the destinations. Every method may be called once; cancel() twice. */
export interface DumpStream {
  /** Settles when pg_dump has ended well, so that the snapshot may go; what is still to be synced no longer concerns the server. Returns its warnings. */
  left(): Promise<readonly string[]>;
  /** After left(): settles when one destination has every byte synced. */
  stored(): Promise<ProducedFile>;
  /** Ends everything that is under way, also on the server. */
  cancel(): Promise<void>;
}

export interface StreamParts {
  readonly context: Context;
  readonly job: PostgresJob;
  readonly database: string;
  readonly snapshot: Snapshot;
  readonly delivery: Delivery;
  readonly path: string;
  readonly watch: Watch;
}

/**
 * Starts pg_dump → compressor → all destinations. What it had started is ended when it throws. The
 * destinations come first: Node throws away what a child that has ended wrote and nobody was reading yet, so
 * nothing may be waited for between the compressor's start and the first read.
 */
export async function startDumpStream(parts: StreamParts): Promise<DumpStream> {
  const { context, job, snapshot, delivery, path } = parts;
  const fan = await delivery.openFile(path, onBytesOf(parts));
  const dump = await snapshot.startDump(job.format);
  let compressed: Compressed | null = null;
  try {
    compressed = await compress(job.compress, dump.stream, context.childEnv);
    return running(parts, { dump, compressed, fan });
  } catch (error) {
    compressed?.cancel();
    await dump.cancel();
    throw error;
  }
}

function onBytesOf({ context, job, database, watch }: StreamParts): (doneBytes: number) => void {
  return (doneBytes) => {
    watch.touch();
    context.onProgress({ subject: job.name, step: "dump", doneBytes, totalBytes: null, current: database });
  };
}

interface Stages {
  readonly dump: RunningDump;
  readonly compressed: Compressed;
  readonly fan: FanOut;
}

function running({ job, snapshot, path, watch }: StreamParts, { dump, compressed, fan }: Stages): DumpStream {
  const ending = new AbortController();
  const signal = AbortSignal.any([watch.signal, ending.signal]);
  const moved = pipeline(compressed.stream, fan.sink, { signal });
  const left = Promise.race([snapshot.broken, dump.finish(), moved.then(() => dump.finish())]);
  moved.catch(() => undefined); // stored() or left() tells
  left.catch(() => undefined); // left() tells
  const reasonFor = (error: unknown) => (watch.signal.aborted ? watch.signal.reason : error);
  return {
    left: () => left.catch((error: unknown) => Promise.reject(reasonFor(error))),
    async stored() {
      try {
        await moved;
        await compressed.finish();
      } catch (error) {
        throw reasonFor(error);
      }
      return { path, role: "dump", compression: job.compress, passed: fan.passed() };
    },
    async cancel() {
      ending.abort();
      compressed.cancel();
      await dump.cancel();
      await moved.catch(() => undefined); // it was ended on purpose
    },
  };
}
