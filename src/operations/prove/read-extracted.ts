import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream, type Stats } from "node:fs";
import { chmod, lstat, readdir, readlink } from "node:fs/promises";
import { formatInstant, nearestInstant } from "../../domain/instant.ts";
import type { ExtractedEntry } from "../../domain/proofs/compare-capsules.ts";
import { hashStream } from "../delivery/read-back.ts";

/**
 * What lies below a directory, as a capsule's list would name it, read back from the disk. Folders and files that their
 * own mode keeps closed are opened after it was read: the tree is ours, and goes afterwards.
 */
export async function readExtracted(root: string, signal: AbortSignal): Promise<readonly ExtractedEntry[]> {
  const found: ExtractedEntry[] = [];
  await readFolder(Buffer.from(root), Buffer.alloc(0));
  return found;

  async function readFolder(folder: Buffer, name: Buffer): Promise<void> {
    for (const child of await readdir(folder, { encoding: "buffer" })) {
      signal.throwIfAborted();
      const path = Buffer.concat([folder, Buffer.from("/"), child]);
      const below = Buffer.concat([name, child]);
      const stats = await lstat(path);
      if (!stats.isDirectory()) {
        found.push(await readFile(path, { name: below, stats, signal }));
        continue;
      }
      const inside = Buffer.concat([below, Buffer.from("/")]);
      found.push({ ...entryOf(inside, stats), type: "directory", sizeBytes: 0, sha256: null });
      if ((stats.mode & 0o700) !== 0o700) await chmod(path, 0o700);
      await readFolder(path, inside);
    }
  }
}

interface FoundFile {
  readonly name: Buffer;
  readonly stats: Stats;
  readonly signal: AbortSignal;
}

async function readFile(path: Buffer, { name, stats, signal }: FoundFile): Promise<ExtractedEntry> {
  if (stats.isSymbolicLink()) {
    const target = await readlink(path, { encoding: "buffer" });
    const sha256 = createHash("sha256").update(target).digest("hex");
    return { ...entryOf(name, stats), type: "symlink", sizeBytes: target.length, sha256 };
  }
  if ((stats.mode & 0o400) === 0) await chmod(path, 0o600);
  const { sizeBytes, sha256 } = await hashStream(createReadStream(path), signal, () => undefined);
  return { ...entryOf(name, stats), type: "file", sizeBytes, sha256 };
}

function entryOf(
  name: Buffer,
  stats: Stats,
): Pick<ExtractedEntry, "path" | "pathBytes" | "mode" | "modifiedAt"> {
  return {
    path: name.toString("utf8"),
    ...(isUtf8(name) ? {} : { pathBytes: name.toString("base64") }),
    mode: `0${(stats.mode & 0o7777).toString(8).padStart(3, "0")}`,
    modifiedAt: formatInstant(nearestInstant(Math.floor(stats.mtimeMs))),
  };
}
