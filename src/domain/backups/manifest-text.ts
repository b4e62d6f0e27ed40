import { z } from "zod";
import { Failure, messageOf } from "../failure.ts";
import { formatStableJson } from "../json.ts";
import { parseBackupFile } from "./backup-file.ts";
import type { Manifest } from "./manifest.ts";
import { manifestSchema } from "./manifest-schema.ts";

const format = "codex-backup-manifest";
const version = 1;

/**
 * The manifest's bytes as they are kept, signed and hashed. Throws Failure "backup.manifest" for one that
 * parseManifest would refuse: a backup whose manifest cannot be read is lost.
 */
export function formatManifest(manifest: Manifest): string {
  const checked = manifestSchema.safeParse(manifest);
  if (checked.success) return formatStableJson(manifest);
  throw new Failure(
    "backup.manifest",
    `Cannot write manifest of "${manifest.id}": ${describeIssue(checked.error)}`,
    { hint: "Report this: it is a mistake in codex-backup.", context: { id: manifest.id } },
  );
}

/**
 * Reads a manifest, which anybody with access to the destination may have written: names of files in it
 * are safe to read and to delete, as they can only be this backup's own. `path` is for messages; when it
 * ends in the name of a manifest, that name must be of the same backup. Keys of later versions are kept, so
 * that formatting gives the same bytes again. Throws Failure "backup.manifest".
 */
export function parseManifest(bytes: Uint8Array, path: string): Manifest {
  const value = parseJson(bytes, path);
  refuseOtherFormats(value, path);
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) throw unreadable(path, describeIssue(parsed.error));
  const named = parseBackupFile(path.slice(path.lastIndexOf("/") + 1));
  if (named?.file.kind === "manifest" && named.base !== parsed.data.id) {
    throw unreadable(path, `it describes the backup "${parsed.data.id}"`);
  }
  return parsed.data;
}

function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw unreadable(path, `not JSON in UTF-8: ${messageOf(error)}`);
  }
}

/** Told before the details, which a later format may well have changed. */
function refuseOtherFormats(value: unknown, path: string): void {
  const head = z.object({ format: z.literal(format), version: z.number() }).safeParse(value);
  if (!head.success) throw unreadable(path, "it is not a manifest of codex-backup");
  if (head.data.version === version) return;
  if (!Number.isInteger(head.data.version) || head.data.version < version)
    throw unreadable(path, `there was never a version ${head.data.version}`);
  throw new Failure(
    "backup.newer",
    `Cannot read manifest "${path}": its version is ${head.data.version}, this codex-backup knows ${version}`,
    { hint: "Use the newer codex-backup that wrote it.", context: { path, reason: "version" } },
  );
}

function unreadable(path: string, reason: string): Failure {
  return new Failure("backup.manifest", `Cannot read manifest "${path}": ${reason}`, {
    hint: "Use another copy of this backup, or describe its files anew with `codex-backup adopt`.",
    context: { path, reason },
  });
}

function describeIssue(error: z.ZodError): string {
  const [first] = error.issues;
  if (!first) return "it is malformed";
  return `${first.path.map(String).join(".") || "the whole"}: ${first.message}`;
}
