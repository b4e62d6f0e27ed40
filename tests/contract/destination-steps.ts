import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Destination, OpenedFile, StagedFile } from "../../src/destinations/destination.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { FailureCode } from "../../src/domain/failure-table.ts";

/** The run that tests stage files for unless they say another. */
export const runId = "20261123T010000Z-abc123";

/** For assert.rejects: a Failure of this code that tells the user what to do. */
export function hasCode(code: FailureCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Failure, `not a Failure: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  };
}

export async function stageBytes(
  destination: Destination,
  name: string,
  bytes: Buffer,
  run = runId,
): Promise<StagedFile> {
  const staged = await destination.stage(name, run);
  await pipeline(Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false }), staged.sink);
  return staged;
}

export async function contentOf(opened: OpenedFile): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of opened.stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Of every published file. */
export async function namesOf(destination: Destination): Promise<readonly string[]> {
  return (await destination.list()).map((file) => file.name);
}

export async function hashOf(opened: OpenedFile): Promise<string> {
  return hash(await contentOf(opened));
}

export function hash(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
