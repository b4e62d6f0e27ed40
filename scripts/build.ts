/**
 * npm run build: the npm package, complete in dist/npm. `npm pack ./dist/npm` makes the file to install; it
 * holds its dependencies, so nothing else is fetched for it.
 */
import { join } from "node:path";
import { top } from "./packaging/bundle.ts";
import { buildPackage } from "./packaging/npm.ts";

await buildPackage(join(top, "dist/npm"));
process.stdout.write("dist/npm: the npm package; make one file of it: npm pack ./dist/npm\n");
