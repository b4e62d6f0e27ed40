import { Writable } from "node:stream";
import type { SftpSession } from "./session.ts";

/** What OpenSSH takes in one request; the library cuts it for servers that take less. */
export const requestBytes = 240 * 1024;
/** So many at once fill the SSH channel's window of 2 MiB, which no server lets us exceed. */
export const requestsAtOnce = 8;

export interface WriteTarget {
  readonly session: SftpSession;
  readonly handle: Buffer;
  /** Turns what a request failed with into what the stream fails with. */
  readonly translate: (error: unknown) => Promise<Error>;
}

/**
 * A sink into an open remote file that keeps several writes on their way, so that the line is full whatever its
 * delay. Finishes after the server took all, synced it where it can, and closed it.
 */
export function createWindowWriter(target: WriteTarget): Writable {
  const file = new WindowedFile(target);
  const settle = (work: Promise<void>, done: (error?: Error | null) => void) =>
    void work.then(
      () => done(),
      (error) => target.translate(error).then(done),
    );
  return new Writable({
    highWaterMark: 4 * requestBytes,
    write: (chunk: Buffer, _encoding, done) => settle(file.add([chunk]), done),
    writev: (chunks, done) => settle(file.add(chunks.map(({ chunk }) => chunk)), done),
    final: (done) => settle(file.finish(), done),
    destroy(error, done) {
      file.abandon();
      done(error);
    },
  });
}

class WindowedFile {
  readonly #target: WriteTarget;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #position = 0;
  #underWay = 0;
  #isClosed = false;
  #failed: { readonly error: unknown } | null = null;
  #wake: () => void = () => undefined;

  constructor(target: WriteTarget) {
    this.#target = target;
  }

  /** Resolves when there is room for more. */
  async add(chunks: readonly Buffer[]): Promise<void> {
    for (const chunk of chunks) {
      for (let from = 0; from < chunk.length; ) {
        const piece = chunk.subarray(from, from + requestBytes - this.#gatheredBytes);
        this.#gathered.push(piece);
        this.#gatheredBytes += piece.length;
        from += piece.length;
        if (this.#gatheredBytes === requestBytes) await this.#send();
      }
    }
  }

  async finish(): Promise<void> {
    if (this.#gatheredBytes > 0) await this.#send();
    await this.#waitUntil(0);
    const { session, handle } = this.#target;
    await syncIfOffered(session, handle);
    this.#isClosed = true;
    await session.ask<unknown>((sftp, done) => sftp.close(handle, (error) => done(error, null)));
  }

  /** Does not wait: a server answers requests in their order, so what is sent next comes after these. */
  abandon(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#failed ??= { error: new Error("the upload was given up") };
    this.#wake();
    const { session, handle } = this.#target;
    session.tell((sftp, done) => sftp.close(handle, (error) => done(error, null)));
  }

  async #send(): Promise<void> {
    const block = this.#gathered.length === 1 ? this.#gathered[0] : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    await this.#waitUntil(requestsAtOnce - 1);
    if (block === undefined) return;
    const position = this.#position;
    this.#position += block.length;
    this.#underWay += 1;
    const { session, handle } = this.#target;
    session
      .ask<unknown>((sftp, done) =>
        sftp.write(handle, block, 0, block.length, position, (error) => done(error, null)),
      )
      .catch((error: unknown) => {
        this.#failed ??= { error };
      })
      .finally(() => {
        this.#underWay -= 1;
        this.#wake();
      });
  }

  /** Until at most so many requests are under way. Throws what any of them failed with. */
  async #waitUntil(count: number): Promise<void> {
    while (this.#failed === null && this.#underWay > count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failed !== null) throw this.#failed.error;
  }
}

/** OpenSSH offers it; without it the server's own cache is what has the bytes. */
async function syncIfOffered(session: SftpSession, handle: Buffer): Promise<void> {
  await session.ask<unknown>((sftp, done) => {
    try {
      sftp.ext_openssh_fsync(handle, (error) => done(error, null));
    } catch {
      done(null, null); // the library throws at once where the server does not offer it
    }
  });
}
