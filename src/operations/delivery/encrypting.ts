import { createHash } from "node:crypto";
import { type Duplex, Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Delivery } from "./delivery.ts";
import type { FanOut, Passed } from "./fan-out.ts";

/** As the delivery, with every file encrypted on its way: what is written and hashed is what the destinations get. */
export function encrypting(
  delivery: Delivery,
  { encryptor, signal }: { readonly encryptor: () => Promise<Duplex>; readonly signal: AbortSignal },
): Delivery {
  const openFile: Delivery["openFile"] = async (name, onBytes, expectedBytes) => {
    const through = await encryptor();
    return encryptedFanOut(through, await delivery.openFile(name, onBytes, expectedBytes));
  };
  return {
    shares: delivery.shares,
    openFile,
    async putFile(name, bytes) {
      const fan = await openFile(name, () => {}, null);
      await pipeline(Readable.from([bytes], { objectMode: false }), fan.sink, { signal });
      return fan.passed();
    },
    abandon: (reason) => delivery.abandon(reason),
    heldUpBy: () => delivery.heldUpBy(),
  };
}

/** Its sink takes plain bytes, and finishes when what they became is stored. */
function encryptedFanOut(through: Duplex, fan: FanOut): FanOut {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let content: Passed | null = null;
  const moved = pipeline(through, fan.sink);
  const sink = new Writable({
    highWaterMark: 1024 * 1024,
    write(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      // Called when the piece was taken, which waits while the destinations do; never after an error, which `moved` tells.
      through.write(chunk, (error) => (error ? undefined : done()));
    },
    final(done) {
      content = { sizeBytes, sha256: hash.digest("hex") };
      through.end();
      moved.then(() => done(), done);
    },
    destroy(error, done) {
      through.destroy(error ?? undefined);
      fan.sink.destroy(error ?? undefined);
      done(error);
    },
  });
  sink.on("error", () => undefined); // whoever writes is told; when the dump did not even start, nobody does
  moved.catch((error: unknown) => sink.destroy(error instanceof Error ? error : new Error(String(error))));
  return { sink, passed: fan.passed, content: () => content ?? fan.passed() };
}
