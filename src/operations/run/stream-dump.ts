import { pipeline } from "node:stream/promises";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import { type Compressed, compress } from "../../platform/compression.ts";
import { createTap, type Tap } from "../../platform/tap.ts";
import type { ReadDump, RunningDump, Snapshot } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { FanOut } from "../delivery/fan-out.ts";
import type { ProducedFile } from "./produce.ts";
import { type DumpFileRead, readDumpFile } from "./read-dump-file.ts";
import type { Watch } from "./watch.ts";

/** A dump between the server and the destinations. Every method may be called once; cancel() twice. */
export interface DumpStream {
  /** Settles when pg_dump has ended well, so that the snapshot may go; what is still to be synced no longer concerns the server. Returns its warnings. */
  left(): Promise<readonly string[]>;
  /** After left(): settles when one destination has every byte synced. */
  stored(): Promise<StoredDump>;
  /** Ends everything that is under way, also on the server. */
  cancel(): Promise<void>;
}

export interface StoredDump {
  readonly file: ProducedFile;
  /** What was read along, of a dump that is encrypted on its way; null: it is read when it is read back. */
  readonly read: ReadDump | null;
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
 * Starts pg_dump → compressor → (of encrypted jobs: a reader beside it, encryptor) → all destinations. What it had started is ended when it throws. The
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
    return running(parts, { dump, compressed, fan, tap: tapOf(parts) });
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

/** Nobody here can read the dump back once it is encrypted, so it is decoded and understood as it streams. */
function tapOf({ context, job, path, watch }: StreamParts): Tap<DumpFileRead> | null {
  if (job.encrypt === null) return null;
  const dump = { name: path, format: job.format, compression: job.compress, source: job.source };
  const { signal } = watch;
  return createTap((stored) => readDumpFile(context.postgres, dump, { stored, signal, onBytes: () => {} }));
}

interface Stages {
  readonly dump: RunningDump;
  readonly compressed: Compressed;
  readonly fan: FanOut;
  readonly tap: Tap<DumpFileRead> | null;
}

function running(
  { job, snapshot, path, watch }: StreamParts,
  { dump, compressed, fan, tap }: Stages,
): DumpStream {
  const ending = new AbortController();
  const signal = AbortSignal.any([watch.signal, ending.signal]);
  const moved =
    tap === null
      ? pipeline(compressed.stream, fan.sink, { signal })
      : pipeline(compressed.stream, tap.through, fan.sink, { signal });
  const told = moved.catch(async (error: unknown) => {
    // What reads along stumbles over a dump that ended early: then pg_dump knows why.
    if (compressed.stream.readableEnded) await dump.finish();
    throw error;
  });
  const left = Promise.race([snapshot.broken, dump.finish(), told.then(() => dump.finish())]);
  moved.catch(() => undefined); // stored() or left() tells
  left.catch(() => undefined); // left() tells
  const reasonFor = (error: unknown) => (watch.signal.aborted ? watch.signal.reason : error);
  return {
    left: () => left.catch((error: unknown) => Promise.reject(reasonFor(error))),
    async stored() {
      try {
        await moved;
        await compressed.finish();
        const file = { path, role: "dump", compression: job.compress, passed: fan.passed() } as const;
        if (tap === null) return { file, read: null };
        const { content, read } = await tap.found;
        return { file: { ...file, content }, read };
      } catch (error) {
        throw reasonFor(error);
      }
    },
    async cancel() {
      ending.abort();
      compressed.cancel();
      await dump.cancel();
      await moved.catch(() => undefined); // it was ended on purpose
    },
  };
}
