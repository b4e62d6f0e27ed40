import { finished, Readable } from "node:stream";
import { asFailure, Failure } from "../../domain/failure.ts";
import { type Asking, isPassing } from "./ask-again.ts";

/** What came before a break so large pays for it: the breaks are counted from anew. */
const stretchBytes = 16 * 1024 * 1024;

export interface Resuming {
  /** For messages. */
  readonly name: string;
  /** How many bytes there must be; null: until it ends. */
  readonly lengthBytes: number | null;
  readonly asking: Asking;
  /** The same bytes from `offset` on, counted from the first byte of the first stream. */
  openAt(offset: number): Promise<Readable>;
}

/** The bytes of `first`; when it breaks, or ends too early, those of another that begins where it broke. */
export function resumableStream(first: Readable, resuming: Resuming): Readable {
  const { asking, lengthBytes } = resuming;
  let inner = first;
  let offset = 0;
  let breaks = 0;
  let paidUntil = 0;
  const outer = new Readable({
    read: () => void inner.resume(),
    destroy(error, done) {
      inner.destroy();
      done(error);
    },
  });

  function attach(stream: Readable): void {
    inner = stream;
    stream.on("data", (chunk: Buffer) => {
      offset += chunk.length;
      if (!outer.push(chunk)) stream.pause();
    });
    finished(stream, (error) => {
      if (outer.destroyed) return;
      const failure = error && asFailure(error, "destination.unreachable", `Cannot read "${resuming.name}"`);
      const isWhole = lengthBytes === null ? !failure : offset >= lengthBytes;
      if (isWhole && (!failure || isPassing(failure))) return void outer.push(null);
      void goOn(failure ?? endedEarly(resuming.name, offset, lengthBytes));
    });
  }

  async function goOn(failure: Failure): Promise<void> {
    try {
      if (offset - paidUntil >= stretchBytes) breaks = 0;
      paidUntil = offset;
      breaks += 1;
      if (!isPassing(failure) || breaks >= asking.limits.tries) throw failure;
      const doing = `read "${resuming.name}" from byte ${offset}`;
      await asking.pause(breaks + 1, { doing, failure });
      if (outer.destroyed) return;
      const next = await asking.ask(doing, () => resuming.openAt(offset));
      if (outer.destroyed) return void next.on("error", () => undefined).destroy();
      attach(next);
    } catch (error) {
      outer.destroy(asFailure(error, "destination.io", `Cannot read "${resuming.name}"`));
    }
  }

  attach(first);
  return outer;
}

function endedEarly(name: string, offset: number, lengthBytes: number | null): Failure {
  return new Failure(
    "destination.unreachable",
    `Cannot read "${name}": the stream ended after ${offset} of ${lengthBytes} bytes`,
    { hint: "Run it again." },
  );
}
