import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest, ManifestFile } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import { compareCapsules } from "../../domain/proofs/compare-capsules.ts";
import type { Context } from "../context.ts";
import { proofsPath } from "../proofs-path.ts";
import { withPlainFile } from "../restore/plain-file.ts";
import type { Findings } from "./findings.ts";
import type { OpenedBackup } from "./opened-backup.ts";
import { removeScratch, scratchPrefix } from "./proof-lock.ts";
import { readExtracted } from "./read-extracted.ts";
import { demandSpace, withinSpace } from "./space.ts";

/** Extracts a capsule to a directory of its own, and compares what then lies there with what was recorded, both ways. */
export async function proveCapsule(context: Context, backup: OpenedBackup): Promise<Findings> {
  const { manifest, files, decryptor, signal, startedMs } = backup;
  await backup.hashed;
  const { file, facts } = capsuleOf(manifest);
  const contentBytes = facts.entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const fetchedBytes =
    file.encryption === undefined && files.localPath(file.path) !== null ? 0 : file.sizeBytes;
  const need = { path: proofsPath(context), needBytes: contentBytes + fetchedBytes, what: manifest.id };
  await demandSpace(need);
  const target = join(proofsPath(context), `${scratchPrefix}${context.randomToken(8)}`);
  const onBytes = (doneBytes: number) => backup.onProgress("verify", doneBytes, file.sizeBytes);
  try {
    await mkdir(target, { mode: 0o700 });
    await withinSpace(need, () =>
      withPlainFile(context, { files, file, decryptor, signal, onBytes }, (path) =>
        extract(context, backup, { path, target }),
      ),
    );
    const restoreMs = Math.round(context.clock.monotonicMs() - startedMs);
    const comparison = compareCapsules(facts.entries, await readExtracted(target, signal), manifest.adopted);
    const unproven = [...comparison.unproven, ...changedOf(facts.entries), ...leftOutOf(facts.leftOut)];
    return {
      comparison: { ...comparison, unproven },
      assertions: [],
      server: "a directory of this host",
      restoreMs,
      contentBytes,
      openedBy: backup.openedBy,
      warnings: [],
    };
  } finally {
    await removeScratch(context, target);
  }
}

interface Extraction {
  readonly path: string;
  readonly target: string;
}

async function extract(
  { capsules }: Context,
  { manifest, signal, onProgress }: OpenedBackup,
  { path, target }: Extraction,
): Promise<void> {
  const options = {
    target,
    overwrite: false,
    only: [],
    signal,
    onProgress: (progress: { readonly doneBytes: number; readonly totalBytes: number }) =>
      onProgress("restore", progress.doneBytes, progress.totalBytes),
  };
  await (manifest.adopted ? capsules.extractForeign(path, options) : capsules.extract(path, options));
}

function capsuleOf({ id, files, capsule }: Manifest): {
  readonly file: ManifestFile;
  readonly facts: NonNullable<Manifest["capsule"]>;
} {
  const file = files.find(({ role }) => role === "capsule");
  if (file !== undefined && capsule !== null) return { file, facts: capsule };
  throw new Failure("backup.manifest", `Cannot prove "${id}": its manifest does not list what is in it`, {
    hint: "Look at the manifest; prove an older backup.",
  });
}

/** It comes back as it was read, which nobody can call what it was at any moment. */
function changedOf(entries: NonNullable<Manifest["capsule"]>["entries"]): Findings["comparison"]["unproven"] {
  const changed = entries.filter(({ state }) => state === "changed");
  return changed.map(({ path }) => ({ object: path, reason: "it was still changing while it was packed" }));
}

function leftOutOf(leftOut: NonNullable<Manifest["capsule"]>["leftOut"]): Findings["comparison"]["unproven"] {
  return leftOut.map(({ path, reason }) => ({ object: path, reason: `not in the capsule: ${reason}` }));
}
