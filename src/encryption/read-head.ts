import { Readable } from "node:stream";
import { Failure, messageOf } from "../domain/failure.ts";
import { payloadNonceBytes } from "./age-header.ts";

export interface ReadHead {
  readonly header: Buffer;
  /** The bytes between the header and the first piece. */
  readonly nonce: Buffer;
  /** What follows; destroying it ends the stored stream too. */
  readonly payload: Readable;
}

const firstLine = "age-encryption.org/v1\n";
/** About five hundred recipients. */
const longestHeader = 64 * 1024;

/** Reads what stands before the first piece. Throws "encryption.damaged" when it is no age file, and what reading throws. */
export async function readHead(stored: Readable, name: string): Promise<ReadHead> {
  // proven: our files' streams have no encoding set, so they yield buffers
  const chunks = stored.iterator({ destroyOnReturn: true }) as AsyncIterableIterator<Buffer>;
  try {
    let seen: Buffer = Buffer.alloc(0);
    for (;;) {
      const length = headerLength(seen, name);
      if (length !== null && seen.length >= length + payloadNonceBytes) {
        const start = length + payloadNonceBytes;
        const payload = Readable.from(following(seen.subarray(start), chunks), { objectMode: false });
        // A generator that nobody asked yet ends nothing when it is ended.
        payload.once("close", () => stored.destroy());
        return { header: seen.subarray(0, length), nonce: seen.subarray(length, start), payload };
      }
      const next = await chunks.next();
      if (next.done === true) throw notAge(name, "it ends within its header");
      seen = Buffer.concat([seen, next.value]);
    }
  } catch (error) {
    stored.destroy();
    throw error;
  }
}

/** With the line that ends it; null when more must be read to know. */
function headerLength(seen: Buffer, name: string): number | null {
  const start = seen.subarray(0, firstLine.length).toString("latin1");
  if (!firstLine.startsWith(start)) throw notAge(name, "it does not begin as one");
  const end = seen.indexOf("\n--- ");
  const line = end === -1 ? -1 : seen.indexOf("\n", end + 1);
  if (line !== -1) return line + 1;
  if (seen.length > longestHeader) throw notAge(name, "its header does not end");
  return null;
}

async function* following(first: Buffer, chunks: AsyncIterableIterator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  yield* chunks;
}

function notAge(name: string, seen: string): Failure {
  return new Failure("encryption.damaged", `Cannot decrypt "${name}": it is no whole age file, ${seen}`, {
    hint: 'Use another copy; "codex-backup verify" tells which copies are good.',
  });
}

/** Of a header that an identity fits, but that is not as it was written. */
export function forgedHead(name: string, error: unknown): Failure {
  return new Failure(
    "encryption.damaged",
    `Cannot decrypt "${name}": its header was changed (${messageOf(error)})`,
    {
      hint: 'Use another copy; "codex-backup verify" tells which copies are good.',
      cause: error,
    },
  );
}
