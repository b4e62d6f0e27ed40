import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { Manifest, ManifestFile } from "../../domain/backups/manifest.ts";
import type { BackupFiles } from "./backup-files.ts";
import { unseal } from "./unseal.ts";

test("a private part that a later version wrote is not called damage", async () => {
  const bytes = Buffer.from(`{"format":"codex-backup-private","version":2}`);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const file = {
    path: "a.private.json.age",
    role: "private",
    compression: "none",
    encryption: "age",
  } as const;
  const stored: ManifestFile = { ...file, sizeBytes: bytes.length, sha256, content: null };
  // Only what unseal looks at.
  const manifest = { id: "a", encryption: { recipients: [] }, files: [stored] } as unknown as Manifest;
  const files: BackupFiles = {
    ...{ name: "a", manifest, localPath: () => null, read: async () => bytes },
    open: async () => Readable.from([bytes], { objectMode: false }),
  };
  const open = async (stream: Readable) => ({ stream, openedBy: "age1key" }); // deciphers nothing
  await assert.rejects(unseal(files, { recipients: ["age1key"], open }), {
    code: "backup.newer",
    message: 'Cannot read the private part of "a": this version does not know its format',
  });
});
