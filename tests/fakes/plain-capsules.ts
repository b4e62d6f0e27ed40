import { createHash } from "node:crypto";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Capsules } from "../../src/capsule/capsule.ts";
import type { CapsuleEntry } from "../../src/domain/backups/manifest.ts";
import { Failure } from "../../src/domain/failure.ts";
import { instant } from "../../src/domain/instant.ts";

/** Capsules of one entry without zip, threads or tree: for tests of everything round them, a hundred runs each. */
export function createPlainCapsules(content: Buffer): Capsules {
  const sha256 = createHash("sha256").update(content).digest("hex");
  const entry: CapsuleEntry = {
    path: "content",
    type: "file",
    sizeBytes: content.length,
    sha256,
    modifiedAt: "2026-11-23T01:00:00.000Z",
    mode: "0600",
    state: "stable",
  };
  const unused = () => Promise.reject(new Error("not part of this fake"));
  return {
    estimate: async () => ({ files: 1, contentBytes: content.length }),
    async write(_source, sink, { signal }) {
      const pieces = Array.from({ length: 4 }, (_, index) => {
        const size = Math.ceil(content.length / 4);
        return content.subarray(index * size, (index + 1) * size);
      });
      await pipeline(Readable.from(pieces, { objectMode: false }), sink, { signal });
      return { entries: [entry], leftOut: [], contentBytes: content.length, touchedAt: [instant(0)] };
    },
    async check(path) {
      if ((await readFile(path)).equals(content)) return [entry];
      throw new Failure("capsule.mismatch", `Cannot vouch for "${path}": other bytes than were written`);
    },
    checkForeign: unused,
    async extract(_path, { target }) {
      const path = join(target, entry.path);
      await writeFile(path, content, { mode: 0o600 });
      await utimes(path, new Date(entry.modifiedAt), new Date(entry.modifiedAt));
      return 1;
    },
    extractForeign: unused,
    originOf: unused,
    openEntry: unused,
  };
}
