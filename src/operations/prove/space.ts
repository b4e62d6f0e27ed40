import { statfs } from "node:fs/promises";
import { Failure } from "../../domain/failure.ts";
import { describeSize } from "../../domain/plain-words.ts";

/** What a server takes before the first row is in it, and what must stay free for everybody else. */
export const serverBytes = 128 * 1024 * 1024;
const reserveBytes = 64 * 1024 * 1024;

/** The disk of one proof. */
export interface SpaceNeed {
  readonly path: string;
  readonly needBytes: number;
  /** The backup. */
  readonly what: string;
}

/** Throws "proof.space": a proof must not fill the disk that the next backup's state needs. */
export async function demandSpace(need: SpaceNeed): Promise<void> {
  const freeBytes = await freeBytesOf(need.path);
  if (freeBytes >= need.needBytes + reserveBytes) return;
  throw tooLittle(need, `${describeSize(freeBytes)} are free`);
}

/** Does the work; where the disk became full meanwhile, throws "proof.space", which says which one and what is needed. */
export async function withinSpace<T>(need: SpaceNeed, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw tooLittle(need, "its disk became full meanwhile", error);
  }
}

/** As the server says it, and as the system does. */
function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Failure)) return false;
  return error.context.sqlstate === "53100" || error.context.errno === "ENOSPC";
}

async function freeBytesOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

function tooLittle({ path, needBytes, what }: SpaceNeed, seen: string, cause?: unknown): Failure {
  const sizes = `about ${describeSize(needBytes)} and a reserve of ${describeSize(reserveBytes)}`;
  return new Failure("proof.space", `Cannot prove "${what}" in "${path}": it needs ${sizes}, and ${seen}`, {
    hint: "Free space there, or set prove.server to a server elsewhere.",
    cause,
  });
}
