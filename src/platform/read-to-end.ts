import type { Readable } from "node:stream";

/** Everything that a stream still holds. Fails with the stream's error. For small streams only. */
export async function readToEnd(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
