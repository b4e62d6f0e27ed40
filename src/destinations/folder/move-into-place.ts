import type { Readable } from "node:stream";
import { Failure } from "../../domain/failure.ts";
import type { FolderEntry, RemoteFolder } from "./remote-folder.ts";

export interface Move {
  readonly from: string;
  readonly to: string;
  /** How the file looked when its move was asked for, while the new name was free; null: it was not asked for. */
  readonly asked: FolderEntry | null;
}

/**
 * Renames a whole file, never onto another one. `onAsking` hears what to remember: an answer can be lost, and
 * then the next call must know its own file again. It is ours when the old name is gone, ours was on its way to a
 * free name, and size and time are the same. Where both names stand (a server that links and unlinks, and died
 * between), only the same size, time and bytes make them one file. Else throws "destination.exists" or "…not-found".
 */
export async function moveIntoPlace(
  folder: RemoteFolder,
  move: Move,
  onAsking: (asked: FolderEntry) => void = () => undefined,
): Promise<void> {
  const { from, to } = move;
  const [before, taken] = await Promise.all([folder.stat(from), folder.stat(to)]);
  if (before === null) {
    if (taken !== null && move.asked !== null && looksLike(taken, move.asked)) return;
    throw taken !== null && move.asked !== null ? existsFailure(to) : goneFailure(from);
  }
  if (taken === null) {
    onAsking(before);
    return folder.rename(from, to);
  }
  if (!looksLike(taken, before) || !(await hasSameBytes(folder, from, to))) throw existsFailure(to);
  await folder.remove(from);
}

/** Servers tell times in whole seconds, or round what others tell finer. */
function looksLike(one: FolderEntry, other: FolderEntry): boolean {
  const seconds = (entry: FolderEntry) => Math.floor(entry.modifiedMs / 1000);
  return one.isFile && one.sizeBytes === other.sizeBytes && seconds(one) === seconds(other);
}

async function hasSameBytes(folder: RemoteFolder, one: string, other: string): Promise<boolean> {
  const pieces = piecesOf(await folder.read(other, null));
  let left = Buffer.alloc(0);
  try {
    for await (const piece of piecesOf(await folder.read(one, null))) {
      while (left.length < piece.length) {
        const next = await pieces.next();
        if (next.done) return false;
        left = Buffer.concat([left, next.value]);
      }
      if (!piece.equals(left.subarray(0, piece.length))) return false;
      left = left.subarray(piece.length);
    }
    return left.length === 0 && (await pieces.next()).done === true;
  } finally {
    await pieces.return(undefined);
  }
}

async function* piecesOf(stream: Readable): AsyncGenerator<Buffer, undefined> {
  for await (const piece of stream) yield Buffer.from(piece);
  return undefined;
}

/** "destination.exists", for drivers too. */
export function existsFailure(name: string, cause?: unknown): Failure {
  return new Failure("destination.exists", `Cannot publish "${name}": there is already a file of that name`, {
    hint: "Move that file away, or let the job's name carry the time.",
    cause,
  });
}

function goneFailure(name: string): Failure {
  return new Failure("destination.not-found", `Cannot publish "${name}": the staged file is gone`, {
    hint: "Look for a clean-up script that removes hidden files, then run the job again.",
  });
}
