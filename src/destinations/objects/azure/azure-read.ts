import { finished, Readable } from "node:stream";
import { Failure } from "../../../domain/failure.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { ByteRange } from "../../destination.ts";
import { translateAzure } from "./azure-error.ts";
import type { AzureParts } from "./azure-store.ts";

/** A stream that brings nothing for so long is given up. */
const silenceMs = 60_000;

/** The library's own resumption is off: where a stream goes on, withRetries looks first whether it is the same blob. */
export async function openBlob(parts: AzureParts, key: string, range: ByteRange | null): Promise<Readable> {
  if (range !== null && range.length <= 0) return Readable.from([], { objectMode: false });
  const blob = (await parts.container()).getBlobClient(parts.nameOf(key));
  const doing = `read "${key}"`;
  const given = new AbortController();
  const answer = await parts.request(doing, 0, (deadline) => {
    deadline.addEventListener("abort", () => given.abort(), { once: true });
    return blob.download(range?.start ?? 0, range?.length, {
      abortSignal: given.signal,
      maxRetryRequests: 0,
    });
  });
  const body = answer.readableStreamBody;
  const whole = `${doing} at ${parts.deps.location}`;
  if (!(body instanceof Readable)) throw brought(whole, 0, answer.contentLength ?? 0);
  return checkedStream(parts.deps.clock, {
    body,
    doing: whole,
    expected: answer.contentLength ?? null,
    giveUp: () => given.abort(),
  });
}

interface Download {
  readonly body: Readable;
  readonly doing: string;
  /** Null: the answer did not say. */
  readonly expected: number | null;
  giveUp(): void;
}

/** Fails unless as many bytes come as the answer promised, and when none come for too long while they are asked for. */
function checkedStream(clock: Clock, { body, doing, expected, giveUp }: Download): Readable {
  let bytes = 0;
  let cancel = () => {};
  const watch = () => {
    cancel();
    cancel = clock.after(silenceMs, () => outer.destroy(brought(doing, bytes, expected)));
  };
  const outer = new Readable({
    read() {
      watch();
      body.resume();
    },
    destroy(error, done) {
      cancel();
      giveUp();
      body.destroy();
      done(error);
    },
  });
  body.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (outer.push(chunk)) return watch();
    body.pause();
    cancel();
  });
  finished(body, (error) => {
    cancel();
    if (outer.destroyed) return;
    if (error) outer.destroy(translateAzure(error, doing));
    else if (expected !== null && bytes !== expected) outer.destroy(brought(doing, bytes, expected));
    else outer.push(null);
  });
  return outer;
}

function brought(doing: string, bytes: number, expected: number | null): Failure {
  const of = expected === null ? "" : ` of ${expected}`;
  return new Failure("destination.unreachable", `Cannot ${doing}: after ${bytes}${of} bytes no more came`, {
    hint: "Run it again.",
  });
}
