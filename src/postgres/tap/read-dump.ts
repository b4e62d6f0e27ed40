import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { asFailure } from "../../domain/failure.ts";
import type { ReadDump } from "../postgres.ts";
import { createDumpLexer } from "./dump-lexer.ts";
import { FingerprintBuilder } from "./fingerprint-builder.ts";
import { Trailer } from "./trailer.ts";
import { unreadable } from "./unreadable.ts";

/**
 * Reads a plain dump, uncompressed, to its end (PROOF 3). A dump that broke off is a result, not an error:
 * `isComplete` is false and the fingerprint tells what was seen. Throws Failure "postgres.dump-unreadable"
 * for text that pg_dump cannot have written and for a stream that fails, or the signal's reason. The stream
 * is destroyed on both.
 */
export async function readDump(text: Readable, options: { readonly signal: AbortSignal }): Promise<ReadDump> {
  options.signal.throwIfAborted();
  const stop = () => text.destroy(options.signal.reason);
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    return await readToEnd(text);
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    throw asFailure(error, "postgres.dump-unreadable", "Cannot read the dump");
  } finally {
    options.signal.removeEventListener("abort", stop);
  }
}

async function readToEnd(text: Readable): Promise<ReadDump> {
  const lexer = createDumpLexer();
  const builder = new FingerprintBuilder(lexer.session);
  const trailer = new Trailer();
  const whole = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of text) {
    if (!Buffer.isBuffer(chunk)) throw unreadable("its stream gives text, not bytes");
    whole.update(chunk);
    sizeBytes += chunk.length;
    for (const event of lexer.push(chunk)) {
      builder.add(event);
      trailer.add(event);
    }
  }
  const { events, open } = lexer.end();
  for (const event of events) {
    if (event.kind !== "statement-part") builder.add(event); // the half of a statement says nothing
    trailer.add(event);
  }
  const sha256 = whole.digest("hex");
  return { fingerprint: builder.finish(), isComplete: trailer.isComplete(open), sizeBytes, sha256 };
}
