import { PassThrough, Transform } from "node:stream";

export interface Tap<T> {
  /** To be put into a pipeline: passes every byte on, and ends when the reader has come to its end as well. */
  readonly through: Transform;
  /** What the reader found. Rejects as it does. */
  readonly found: Promise<T>;
}

/**
 * Lets somebody read along. The slower of both sets the pace. A reader that fails fails the stream with its own error; one that
 * stops early without an error does not.
 */
export function createTap<T>(read: (stream: PassThrough) => Promise<T>): Tap<T> {
  const branch = new PassThrough({ highWaterMark: 1024 * 1024 });
  branch.on("error", () => undefined); // `found` tells
  const found = read(branch);
  const through = new Transform({
    highWaterMark: 1024 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      if (branch.destroyed) return void found.then(() => done(null, chunk), done);
      if (branch.write(chunk)) return done(null, chunk);
      const goOn = () => {
        branch.off("drain", goOn);
        branch.off("close", goOn);
        done(null, chunk);
      };
      branch.once("drain", goOn);
      branch.once("close", goOn);
    },
    flush(done) {
      branch.end();
      found.then(() => done(), done);
    },
    destroy(error, done) {
      branch.destroy();
      done(error);
    },
  });
  found.catch((error: unknown) => through.destroy(error instanceof Error ? error : new Error(String(error))));
  return { through, found };
}
