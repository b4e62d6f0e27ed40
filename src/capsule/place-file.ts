import { closeSync, constants, lstatSync, openSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import { bytesOf, type RawName, textOf } from "./raw-name.ts";

/** A new file that is not yet at its final name, or is there and can still be taken back. */
export interface PlacedFile {
  readonly descriptor: number;
  /** Closes it and, where it replaces something, renames it into place. */
  settle(): void;
  /** Closes and removes it; what stood there before still stands. */
  discard(): void;
}

const createFlags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Creates a file that nobody else can read yet, following no link. Throws "capsule.target-exists" when the name is
 * taken, unless `overwrite` allows it and it is no folder.
 */
export function placeFile(path: RawName, overwrite: boolean): PlacedFile {
  const taken = standing(path, overwrite);
  const at = taken ? freeNameBeside(path) : path;
  const descriptor = system(`create "${textOf(path)}"`, () => openSync(bytesOf(at), createFlags, 0o600));
  return {
    descriptor,
    settle() {
      closeSync(descriptor);
      if (taken) system(`replace "${textOf(path)}"`, () => renameSync(bytesOf(at), bytesOf(path)));
    },
    discard() {
      closeSync(descriptor);
      unlinkSync(bytesOf(at));
    },
  };
}

/** Makes a link; never one in place of a folder. Throws as placeFile does. */
export function placeLink(path: RawName, target: Buffer, overwrite: boolean): void {
  const taken = standing(path, overwrite);
  const at = taken ? freeNameBeside(path) : path;
  system(`link "${textOf(path)}"`, () => {
    symlinkSync(target, bytesOf(at));
    if (taken) renameSync(bytesOf(at), bytesOf(path));
  });
}

/** Whether something stands at the path that may be replaced. */
function standing(path: RawName, overwrite: boolean): boolean {
  const stat = system(`look at "${textOf(path)}"`, () => lstatSync(bytesOf(path), { throwIfNoEntry: false }));
  if (stat === undefined) return false;
  if (overwrite && !stat.isDirectory()) return true;
  throw inTheWay(path, stat.isDirectory() ? "a folder is there" : "it is there already");
}

/** "capsule.target-exists": what is there was not made by this extraction, and stays. */
export function inTheWay(path: RawName, seen: string): Failure {
  return new Failure("capsule.target-exists", `Cannot write "${textOf(path)}": ${seen}`, {
    hint: "Restore into a new, empty folder, or move it out of the way.",
    context: { path: textOf(path) },
  });
}

function freeNameBeside(path: RawName): RawName {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  for (let number = 0; ; number += 1) {
    const name = `${folder}.codex-restore-${number}.partial`;
    if (lstatSync(bytesOf(name), { throwIfNoEntry: false }) === undefined) return name;
  }
}

/** Runs a system call; its error becomes "platform.file" (a full disk, a missing right). */
export function system<T>(doing: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw systemFailure(doing, error);
  }
}

/** A system's error as "platform.file", with its errno in the context; a Failure passes unchanged. */
export function systemFailure(doing: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const errno = errnoOf(error);
  return new Failure("platform.file", `Cannot ${doing}: ${errno ?? messageOf(error)}`, {
    hint: "Check free space and rights of the target.",
    context: { errno },
    cause: error,
  });
}
