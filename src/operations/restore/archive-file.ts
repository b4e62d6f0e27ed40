import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { describeSize } from "../../domain/plain-words.ts";
import type { Context } from "../context.ts";
import { hashStream } from "../delivery/read-back.ts";
import { withLocalFile } from "../local-file.ts";
import { openBare } from "./bare-file.ts";
import type { DumpSource } from "./dump-source.ts";

/** What stays free for everybody else when an archive is copied. */
const reserveBytes = 256 * 1024 * 1024;

export interface ArchiveWish {
  readonly dump: DumpSource;
  readonly signal: AbortSignal;
  readonly onBytes: (doneBytes: number) => void;
}

/**
 * Gives `use` a path of the archive as a plain file, found to be what was backed up. One that is compressed, encrypted or
 * elsewhere lies in the work directory meanwhile. Throws "backup.mismatch", "platform.file" where it does not fit.
 */
export async function withArchiveFile<T>(
  context: Context,
  { dump, signal, onBytes }: ArchiveWish,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const workPath = join(context.statePath, "work");
  if (dump.localPath === null) await demandRoom(workPath, dump);
  const open = async () => ({ stream: await dump.openDump() });
  const place = { localPath: dump.localPath, open, workPath, host: context.host };
  return withLocalFile(place, async (path) => {
    const { expected } = dump;
    const found = await hashStream(await openBare(path), signal, onBytes);
    if (expected === null || (found.sha256 === expected.sha256 && found.sizeBytes === expected.sizeBytes)) {
      return use(path);
    }
    throw new Failure(
      "backup.mismatch",
      `Cannot restore "${dump.name}": it has other bytes than when it was made`,
      { hint: 'Restore from another copy; "codex-backup verify" tells which copies are good.' },
    );
  });
}

async function demandRoom(workPath: string, { name, expected, sizeBytes }: DumpSource): Promise<void> {
  await mkdir(workPath, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(workPath);
  const needBytes = (expected?.sizeBytes ?? sizeBytes) + reserveBytes;
  if (bavail * bsize >= needBytes) return;
  const free = describeSize(bavail * bsize);
  throw new Failure(
    "platform.file",
    `Cannot copy "${name}" to "${workPath}": it needs ${describeSize(needBytes)} with a reserve, and ${free} are free`,
    { hint: "Make space there, or restore without --jobs: that needs no copy." },
  );
}
