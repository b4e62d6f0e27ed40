import { execFile } from "node:child_process";
import { close, open } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { Failure, messageOf } from "../domain/failure.ts";
import { createPipeReader } from "./pipe-reader.ts";

const openFile = promisify(open);
const closeFile = promisify(close);
const runFile = promisify(execFile);

/** A kernel pipe with both ends in this process. */
export interface Pipe {
  /**
   * The reading end. Nothing is read ahead: until the first read, the whole stream can still be handed to a
   * child as its stdin (destroy it here afterwards). A child's own stdout cannot: Node reads up to 64 KiB
   * of that as soon as the event loop turns, and those bytes never reach whom it is handed to.
   */
  readonly output: Readable;
  /** The writing end, for a child's stdout. */
  readonly inputFd: number;
  /** Closes our writing end; to be called as soon as the child has it, else the reader never sees the end. */
  closeInput(): Promise<void>;
}

/** Throws Failure "platform.file" when no pipe can be made in the temporary directory. */
export async function openPipe(): Promise<Pipe> {
  const directory = await mkdtemp(join(tmpdir(), "codex-backup-pipe-")).catch(cannotMake);
  try {
    return await openFifo(join(directory, "pipe"));
  } catch (error) {
    return cannotMake(error);
  } finally {
    await rm(directory, { recursive: true, force: true }); // an open pipe needs no name
  }
}

async function openFifo(path: string): Promise<Pipe> {
  await runFile("mkfifo", ["-m", "600", path]);
  // A fifo opened for reading alone waits for a writer, and the other way round; "r+" waits for nobody.
  const both = await openFile(path, "r+");
  const outputFd = await openFile(path, "r");
  const inputFd = await openFile(path, "w");
  await closeFile(both);
  let open = true;
  return {
    output: createPipeReader(outputFd),
    inputFd,
    async closeInput() {
      if (open) await closeFile(inputFd);
      open = false;
    },
  };
}

function cannotMake(error: unknown): never {
  throw new Failure("platform.file", `Cannot make a pipe in "${tmpdir()}": ${messageOf(error)}`, {
    hint: "Check that the temporary directory can be written and that mkfifo is installed.",
    cause: error,
  });
}
