import type { OpenedFile, StagedFile } from "../../destinations/destination.ts";
import { chooseBlocks } from "../../domain/copies/choose-blocks.ts";
import type { ReadBack } from "../../domain/copies/read-back.ts";
import type { ReadBackPolicy } from "../../domain/copies/storage-traits.ts";
import { Failure } from "../../domain/failure.ts";
import type { Block } from "./block-hashes.ts";
import type { Passed } from "./fan-out.ts";
import { demandEqual, hashStream, weakerSource } from "./read-back.ts";

/** A file as it was written, and where the storage has it now. */
export interface StoredAs {
  readonly file: StagedFile;
  readonly passed: Passed;
  /** Needed where a sample is read back; else empty. */
  readonly blocks: readonly Block[];
}

export interface Looking {
  readonly policy: ReadBackPolicy;
  /** So many random lower-case letters and digits. */
  readonly randomToken: (length: number) => string;
  readonly signal: AbortSignal;
  /** Bytes have come back. */
  readonly touch: () => void;
}

/**
 * Looks at what a storage made of the files, as its policy says, and returns how. Throws "destination.read-back" when
 * it holds something else.
 */
export async function checkStored(files: readonly StoredAs[], looking: Looking): Promise<ReadBack> {
  switch (looking.policy) {
    case "full":
      return readInFull(files, looking);
    case "sample":
      for (const stored of files) await readSample(stored, looking);
      return "sample";
    case "head":
      for (const stored of files) await demandSize(stored);
      return "head";
    default:
      return looking.policy satisfies never;
  }
}

async function readInFull(
  files: readonly StoredAs[],
  { signal, touch }: Looking,
): Promise<OpenedFile["source"]> {
  let weakest: OpenedFile["source"] = "direct";
  for (const { file, passed } of files) {
    const opened = await file.readBack();
    demandEqual(file.name, passed, await hashStream(opened.stream, signal, touch));
    weakest = weakerSource(weakest, opened.source);
  }
  return weakest;
}

async function demandSize({ file, passed }: StoredAs): Promise<void> {
  const sizeBytes = await file.storedBytes();
  if (sizeBytes === passed.sizeBytes) return;
  throw otherBytes(file.name, `the storage has ${sizeBytes} bytes instead of ${passed.sizeBytes}`);
}

async function readSample(stored: StoredAs, { randomToken, signal, touch }: Looking): Promise<void> {
  await demandSize(stored);
  const { file, passed, blocks } = stored;
  const knownBytes = blocks.reduce((sum, block) => sum + block.length, 0);
  if (knownBytes !== passed.sizeBytes)
    throw new Failure("run.internal", `Cannot compare "${file.name}": not all of its blocks are known`);
  for (const index of chooseBlocks(blocks.length, () => fraction(randomToken(tokenLength)))) {
    const block = blocks[index];
    if (block === undefined) continue;
    const { start, length, sha256 } = block;
    const { stream } = await file.readBack({ start, length });
    const read = await hashStream(stream, signal, touch);
    if (read.sizeBytes !== length || read.sha256 !== sha256)
      throw otherBytes(file.name, `its ${length} bytes from ${start} on are not those that were written`);
  }
}

const tokenLength = 8;

/** A token as a number from 0 up to, not including, 1. */
function fraction(token: string): number {
  return Number.parseInt(token, 36) / 36 ** tokenLength;
}

function otherBytes(name: string, seen: string): Failure {
  return new Failure("destination.read-back", `Cannot read "${name}" back as it was written: ${seen}`, {
    hint: "Check the storage under this destination (disk, controller, network share): it returns other bytes than it was given.",
  });
}
