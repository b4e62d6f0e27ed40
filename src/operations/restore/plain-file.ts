import { join } from "node:path";
import type { ManifestFile } from "../../domain/backups/manifest.ts";
import type { Decryptor } from "../../encryption/encryption.ts";
import type { Context } from "../context.ts";
import { hashStream } from "../delivery/read-back.ts";
import { withLocalFile } from "../local-file.ts";
import { type BackupFiles, demandHash, mismatch } from "./backup-files.ts";
import { openBare } from "./bare-file.ts";
import { openPlain, unseal } from "./unseal.ts";

export interface PlainFileWish {
  readonly files: BackupFiles;
  readonly file: ManifestFile;
  readonly decryptor: Decryptor | null;
  readonly signal: AbortSignal;
  readonly onBytes: (doneBytes: number) => void;
}

/**
 * Gives `use` a path with a file's bytes without encryption, found to be what was backed up. One that is encrypted, or
 * elsewhere, lies in the work directory meanwhile, readable for nobody else. Throws "backup.mismatch", and as unseal throws.
 */
export async function withPlainFile<T>(
  context: Pick<Context, "statePath" | "host">,
  wish: PlainFileWish,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const { files, file, decryptor, signal, onBytes } = wish;
  const workPath = join(context.statePath, "work");
  if (file.encryption === undefined) {
    const open = async () => ({ stream: await files.open(file.path) });
    return withLocalFile({ localPath: files.localPath(file.path), open, workPath }, async (path) => {
      await demandHash({ ...files, open: () => openBare(path) }, file, { signal, onBytes });
      return use(path);
    });
  }
  const { content } = file.content === null ? await unsealedFile(wish) : file;
  const open = async () => openPlain(files, file, decryptor);
  return withLocalFile({ localPath: null, open, workPath, host: context.host }, async (path) => {
    const plain = await hashStream(await openBare(path), signal, onBytes);
    // Of an adopted one nobody knows what it holds; its stored bytes were held against the manifest on their way.
    if (content !== null && (plain.sha256 !== content.sha256 || plain.sizeBytes !== content.sizeBytes))
      throw mismatch(file);
    return use(path);
  });
}

async function unsealedFile({ files, file, decryptor }: PlainFileWish): Promise<ManifestFile> {
  const manifest = await unseal(files, decryptor);
  return manifest.files.find(({ path }) => path === file.path) ?? file;
}
