/**
 * npm run build:binary: dist/codex-backup, one executable that needs no Node on the machine where it runs.
 * Must not be stripped afterwards: that removes what it carries.
 */
import { join } from "node:path";
import { buildBinary } from "./packaging/binary.ts";
import { top } from "./packaging/bundle.ts";

const { path, sizeBytes, startMs } = await buildBinary(join(top, "dist"));
process.stdout.write(`${path}: ${(sizeBytes / 1e6).toFixed(0)} MB, says its version after ${startMs} ms\n`);
