/** npm run build:deb: the Debian package in dist/, round the executable, which is built first. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { buildBinary } from "./packaging/binary.ts";
import { top } from "./packaging/bundle.ts";
import { buildDebianPackage } from "./packaging/debian.ts";

const directory = join(top, "dist");
await buildBinary(directory);
const path = buildDebianPackage({ directory });
process.stdout.write(`${path}: ${(statSync(path).size / 1e6).toFixed(0)} MB\n`);
