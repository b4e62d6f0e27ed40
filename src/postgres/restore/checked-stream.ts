import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { Failure } from "../../domain/failure.ts";

/** Passes a dump's bytes on and remembers what they were. */
export interface CheckedStream {
  bytes(): AsyncGenerator<Buffer>;
  /** Throws "postgres.dump-unreadable" (context: isOtherBytes) unless exactly the expected bytes went through, to their end. */
  demandWhole(): void;
}

export interface Expectation {
  readonly database: string;
  readonly expected: { readonly sizeBytes: number; readonly sha256: string } | null;
  readonly onProgress: (doneBytes: number) => void;
}

export function checkStream(source: Readable, expectation: Expectation): CheckedStream {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  return {
    async *bytes() {
      // A stream of bytes: no encoding is ever set on it.
      for await (const chunk of source as AsyncIterable<Buffer>) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        expectation.onProgress(sizeBytes);
        yield chunk;
      }
    },
    demandWhole() {
      const { expected, database } = expectation;
      if (expected === null) return;
      const sha256 = hash.digest("hex");
      if (sizeBytes === expected.sizeBytes && sha256 === expected.sha256) return;
      const seen =
        sizeBytes === expected.sizeBytes
          ? `its sha256 is ${sha256}, not ${expected.sha256}`
          : `it has ${sizeBytes} bytes, not ${expected.sizeBytes}`;
      throw new Failure(
        "postgres.dump-unreadable",
        `Cannot restore into "${database}": the dump is not what was backed up, ${seen}`,
        { hint: "Nothing was kept of it; restore from another copy.", context: { isOtherBytes: true } },
      );
    },
  };
}
