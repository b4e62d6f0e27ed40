import { statfs } from "node:fs/promises";
import { Failure } from "../../domain/failure.ts";
import { describeSize } from "../../domain/plain-words.ts";

/** What a server takes before the first row is in it, and what must stay free for everybody else. */
export const serverBytes = 128 * 1024 * 1024;
const reserveBytes = 64 * 1024 * 1024;

/** Throws "proof.space": a proof must not fill the disk that the next backup's state needs. */
export async function demandSpace(path: string, needBytes: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  const freeBytes = bavail * bsize;
  if (freeBytes >= needBytes + reserveBytes) return;
  throw new Failure(
    "proof.space",
    `Cannot prove "${what}" in "${path}": it needs about ${describeSize(needBytes)} and a reserve of ${describeSize(reserveBytes)}, and ${describeSize(freeBytes)} are free`,
    { hint: "Free space there, or set prove.server to a server elsewhere." },
  );
}
