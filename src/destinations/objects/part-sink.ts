import { Writable } from "node:stream";
import { asFailure, Failure, messageOf } from "../../domain/failure.ts";
import { formatMark, type Mark } from "./mark.ts";
import type { ObjectParts } from "./object-parts.ts";
import type { ObjectUpload } from "./object-store.ts";
import { PartBuffer } from "./part-buffer.ts";
import { takeName } from "./take-name.ts";

export interface SinkOptions {
  readonly name: string;
  readonly mark: Mark;
  readonly partBytes: number;
}

/**
 * A sink that becomes an object when it finishes, all at once: a short file by one request, a longer one in equal
 * parts, some of which are on their way while the next is gathered. Destroyed before, nothing has a name, and
 * the parts are removed from the store.
 */
export function createPartSink(parts: ObjectParts, options: SinkOptions): Writable {
  const upload = new PartQueue(parts, options, (error) => sink.destroy(error));
  const fail = (done: (error: Error) => void) => (error: unknown) =>
    done(
      asFailure(error, "destination.io", `Cannot write "${options.name}" to "${parts.settings.location}"`),
    );
  const sink = new Writable({
    highWaterMark: 1024 * 1024,
    write(chunk: Buffer, _encoding, done) {
      upload.add(chunk).then(() => done(), fail(done));
    },
    final(done) {
      upload.finish().then(() => done(), fail(done));
    },
    destroy(error, done) {
      upload.giveUp().then(() => done(error), fail(done));
    },
  });
  return sink;
}

/** Gathers parts and keeps at most `concurrency` of them on their way. */
class PartQueue {
  readonly #parts: ObjectParts;
  readonly #options: SinkOptions;
  readonly #onError: (error: Error) => void;
  readonly #stop = new AbortController();
  readonly #sending = new Set<Promise<void>>();
  /** Sent, and free to be filled again. */
  readonly #free: PartBuffer[] = [];
  #gathering: PartBuffer;
  #upload: ObjectUpload | null = null;
  #beginning: Promise<ObjectUpload> | null = null;
  #partCount = 0;
  #sizeBytes = 0;
  #failure: unknown = null;
  #finishing: Promise<void> | null = null;
  #isDone = false;

  constructor(parts: ObjectParts, options: SinkOptions, onError: (error: Error) => void) {
    this.#parts = parts;
    this.#options = options;
    this.#onError = onError;
    this.#gathering = new PartBuffer(options.partBytes);
  }

  async add(chunk: Buffer): Promise<void> {
    this.#sizeBytes += chunk.length;
    for (let rest = chunk; rest.length > 0; ) {
      // Sent only when more comes: a file of exactly one part is one request.
      if (this.#gathering.isFull()) await this.#send();
      rest = rest.subarray(this.#gathering.take(rest));
    }
  }

  finish(): Promise<void> {
    this.#finishing ??= this.#finish();
    return this.#finishing;
  }

  /** Ends what is on its way and removes it. Never hides the first failure. After finish() it does nothing. */
  async giveUp(): Promise<void> {
    if (this.#isDone) return;
    this.#stop.abort(givenUp(this.#options.name));
    await Promise.allSettled([...this.#sending, this.#beginning, this.#finishing]);
    this.#free.length = 0;
    if (this.#isDone || this.#upload === null) return;
    this.#parts.known.uploading.delete(this.#upload.handle);
    // What cannot be removed now is listed as left over, and swept.
    await this.#upload.abort().catch((error: unknown) => {
      const { name } = this.#options;
      this.#parts.deps.log.warn(
        { error: messageOf(error), destination: this.#parts.settings.name },
        `an unfinished upload of "${name}" was not removed`,
      );
    });
  }

  async #finish(): Promise<void> {
    const { name, mark } = this.#options;
    const { store, known } = this.#parts;
    const taking = { name, mark, sizeBytes: this.#sizeBytes, isUpload: this.#upload !== null };
    if (this.#upload === null) {
      const bytes = this.#gathering.bytes();
      await takeName(this.#parts, taking, () => store.put(name, bytes, formatMark(mark)));
    } else {
      const upload = this.#upload;
      await this.#send();
      await Promise.all(this.#sending);
      if (this.#failure !== null) throw this.#failure;
      await takeName(this.#parts, taking, () => upload.complete());
      await upload.secure?.();
      known.uploading.delete(upload.handle);
    }
    this.#isDone = true;
    this.#free.length = 0;
  }

  async #send(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    this.#stop.signal.throwIfAborted();
    const upload = this.#upload ?? (await this.#begin());
    while (this.#sending.size >= this.#parts.settings.concurrency) await Promise.race(this.#sending);
    if (this.#failure !== null) throw this.#failure;
    this.#stop.signal.throwIfAborted();
    this.#partCount += 1;
    if (this.#partCount > this.#parts.store.limits.maxParts) throw this.#tooLarge();
    const buffer = this.#gathering;
    this.#gathering = this.#free.pop() ?? new PartBuffer(this.#options.partBytes);
    const sent = this.#sendOne(upload, this.#partCount, buffer).finally(() => this.#sending.delete(sent));
    this.#sending.add(sent);
  }

  async #begin(): Promise<ObjectUpload> {
    const { name, mark } = this.#options;
    this.#beginning = this.#parts.store.begin(name, formatMark(mark));
    this.#upload = await this.#beginning;
    this.#parts.known.uploading.add(this.#upload.handle);
    return this.#upload;
  }

  /** Never rejects: the first failure is kept, and ends the sink although nothing may be written any more. */
  async #sendOne(upload: ObjectUpload, number: number, buffer: PartBuffer): Promise<void> {
    try {
      await upload.part(number, buffer.bytes(), this.#stop.signal);
      buffer.clear();
      this.#free.push(buffer);
    } catch (error) {
      if (this.#failure !== null) return;
      const { name } = this.#options;
      const { location } = this.#parts.settings;
      const failure = asFailure(error, "destination.io", `Cannot write "${name}" to "${location}"`);
      this.#failure = failure;
      this.#stop.abort(failure);
      this.#onError(failure);
    }
  }

  #tooLarge(): Failure {
    const { partBytes, name } = this.#options;
    const { maxParts } = this.#parts.store.limits;
    return new Failure(
      "destination.too-large",
      `Cannot store "${name}" at "${this.#parts.settings.location}": it is longer than ${maxParts} parts of ${partBytes} bytes`,
      {
        hint: `Give this destination larger parts: partSize, at least ${Math.ceil((2 * partBytes) / 1024 / 1024)} MiB.`,
      },
    );
  }
}

function givenUp(name: string): Failure {
  return new Failure("run.cancelled", `Cannot finish "${name}": it was given up`, {
    hint: "See why in the run's log.",
  });
}
