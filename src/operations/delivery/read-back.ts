import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { Transform } from "node:stream";
import type { OpenedFile } from "../../destinations/destination.ts";
import { Failure } from "../../domain/failure.ts";
import type { Passed } from "./fan-out.ts";

/** Hashes what passes; `passed()` is valid after its end. */
export function createMeter(onBytes: (doneBytes: number) => void): {
  readonly through: Transform;
  passed(): Passed;
} {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let sha256 = "";
  const through = new Transform({
    highWaterMark: 1024 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      onBytes(sizeBytes);
      done(null, chunk);
    },
    flush(done) {
      sha256 = hash.digest("hex");
      done();
    },
  });
  return { through, passed: () => ({ sizeBytes, sha256 }) };
}

/** Reads a stream to its end. When the signal aborts, the stream is destroyed and its reason thrown. */
export async function hashStream(
  stream: Readable,
  signal: AbortSignal,
  onBytes: (doneBytes: number) => void,
): Promise<Passed> {
  const hash = createHash("sha256");
  const onAbort = () => stream.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  let sizeBytes = 0;
  try {
    signal.throwIfAborted();
    // proven: our destinations' streams have no encoding set, so they yield buffers
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      onBytes(sizeBytes);
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    stream.destroy();
  }
  signal.throwIfAborted(); // a stream destroyed without an error looks like a short, whole one
  return { sizeBytes, sha256: hash.digest("hex") };
}

/** Throws "destination.read-back" when what was read is not what was written. */
export function demandEqual(name: string, written: Passed, read: Passed): void {
  if (written.sizeBytes === read.sizeBytes && written.sha256 === read.sha256) return;
  throw new Failure(
    "destination.read-back",
    `Cannot read "${name}" back as it was written: ${read.sizeBytes} bytes with sha256 ${read.sha256.slice(0, 12)}… instead of ${written.sizeBytes} bytes with ${written.sha256.slice(0, 12)}…`,
    {
      hint: "Check the storage under this destination (disk, controller, network share): it returns other bytes than it was given.",
    },
  );
}

/** The weaker of two sources: one cached file makes the copy "cached". */
export function weakerSource(a: OpenedFile["source"], b: OpenedFile["source"]): OpenedFile["source"] {
  return a === "cached" ? a : b;
}
