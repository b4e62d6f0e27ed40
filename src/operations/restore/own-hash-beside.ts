import { basename, dirname, join } from "node:path";
import { type BackupFile, formatBackupFile, parseBackupFile } from "../../domain/backups/backup-file.ts";
import { parseChecksumLine } from "../../domain/checksums/checksum-line.ts";
import { Failure } from "../../domain/failure.ts";
import { statIfThere } from "../../platform/files.ts";
import { hashStream } from "../delivery/read-back.ts";
import { cannotRead, openBare, readBare } from "./bare-file.ts";

/** What NAME.sha256 tells of the files beside it: enough to trust them where the manifest is lost. */
export interface OwnHashBeside {
  /** Where globals or header lie, found to be as they were made; null: they are not there, or not listed. */
  findSmall(kind: "globals" | "database"): Promise<string | null>;
  /** Throws "backup.mismatch" when the file has other bytes than when it was made. */
  demand(path: string, pass: Pass): Promise<void>;
}

interface Pass {
  readonly signal: AbortSignal;
  readonly onBytes: (doneBytes: number) => void;
}

/** Null when there is no such file that lists this one. Throws "platform.file". */
export async function ownHashBeside(path: string): Promise<OwnHashBeside | null> {
  const parsed = parseBackupFile(basename(path));
  if (parsed === null) return null;
  const place = (file: BackupFile) => join(dirname(path), formatBackupFile(parsed.base, file));
  const hashPath = place({ kind: "sha256" });
  if (!(await isThere(hashPath))) return null;
  const hashes = parseHashes((await readBare(hashPath)).toString("utf8"));
  if (!hashes.has(basename(path))) return null;
  const demand = (file: string, pass: Pass) => demandSame(file, hashes.get(basename(file)), pass);
  return {
    demand,
    async findSmall(kind) {
      for (const file of [place({ kind }), place({ kind: "encrypted", of: { kind } })]) {
        if (!hashes.has(basename(file)) || !(await isThere(file))) continue;
        await demand(file, { signal: new AbortController().signal, onBytes: () => {} });
        return file;
      }
      return null;
    },
  };
}

function parseHashes(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").flatMap((line) => parseChecksumLine(line) ?? []);
  return new Map(lines.map(({ path, sha256 }) => [path, sha256]));
}

async function isThere(path: string): Promise<boolean> {
  const found = await statIfThere(path).catch((error: unknown) => {
    throw cannotRead(path, error);
  });
  return found !== null;
}

async function demandSame(path: string, sha256: string | undefined, { signal, onBytes }: Pass) {
  const found = await hashStream(await openBare(path), signal, onBytes).catch((error: unknown) => {
    throw signal.aborted ? error : cannotRead(path, error);
  });
  if (found.sha256 === sha256) return;
  throw new Failure("backup.mismatch", `Cannot restore "${path}": it has other bytes than when it was made`, {
    hint: "Its NAME.sha256 says so: restore from another copy, or an older backup.",
    context: { path },
  });
}
