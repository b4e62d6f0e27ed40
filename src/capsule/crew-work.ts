import { realpathSync } from "node:fs";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import type { CapsuleSource } from "../domain/jobs/source.ts";
import { type DecodedEntry, type DecodeRequest, decodeBatch } from "./decode-entries.ts";
import { deflatePiece, type Piece } from "./deflate-piece.ts";
import {
  type ExtractBatch,
  type ExtractedBatch,
  extractBatch,
  type Finishing,
  type FolderRequest,
  finishTree,
  makeFolders,
} from "./extract-tree.ts";
import { joinOwned, type PackedBatch, type PackRequest, packFiles } from "./pack-files.ts";
import { type RawName, rawOf, rawOfText } from "./raw-name.ts";
import { release } from "./release.ts";
import { createSelection } from "./selection.ts";
import { systemTree } from "./tree-door.ts";
import { type WalkedTree, walkTree } from "./walk-tree.ts";

/** Files up to this size are read, hashed and deflated whole, in memory, by one worker. */
export const wholeFileBytes = 8 * 1024 * 1024;

/** Everything that a worker can be asked, with what it answers. */
export interface CrewWork {
  walk(source: CapsuleSource): ResolvedTree;
  pack(request: PackRequest): PackedBatch;
  deflate(piece: Piece): Uint8Array<ArrayBuffer>;
  decode(request: DecodeRequest): readonly DecodedEntry[];
  makeFolders(request: FolderRequest): void;
  extract(batch: ExtractBatch): ExtractedBatch;
  finish(request: Finishing): ExtractedBatch;
}

export interface ResolvedTree extends WalkedTree {
  /** The root with every link in it resolved. */
  readonly root: RawName;
}

let scratch: Buffer | null = null;

export const crewWork: CrewWork = {
  walk: resolveAndWalk,
  pack(request) {
    scratch ??= Buffer.allocUnsafeSlow(wholeFileBytes);
    return packFiles(systemTree, request, scratch);
  },
  deflate(piece) {
    const deflated = deflatePiece(piece);
    release(piece.content);
    const owned = joinOwned([deflated]);
    release(deflated);
    return owned;
  },
  decode: decodeBatch,
  makeFolders,
  extract: extractBatch,
  finish: finishTree,
};

function resolveAndWalk(source: CapsuleSource): ResolvedTree {
  const selection = createSelection(source);
  try {
    const root = rawOf(realpathSync(Buffer.from(rawOfText(source.root), "latin1"), { encoding: "buffer" }));
    return { root, ...walkTree(root, selection, systemTree) };
  } catch (error) {
    const errno = errnoOf(error);
    const isMissing = errno === "ENOENT" || errno === "ENOTDIR";
    throw new Failure(
      isMissing ? "capsule.root-missing" : "capsule.root-unreadable",
      `Cannot read the folder "${source.root}": ${errno ?? messageOf(error)}`,
      {
        hint: isMissing
          ? "Create it, or correct capsule.root."
          : "Give the user of the job the right to read it.",
        context: { root: source.root, errno },
        cause: error,
      },
    );
  }
}
