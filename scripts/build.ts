/**
 * npm run build: the npm package, complete in dist/npm. `npm pack ./dist/npm` makes the file to install; it holds its
 * dependencies, so nothing else is fetched for it.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleModules, copyOwnTexts, top } from "./packaging/bundle.ts";
import { thirdPartyText } from "./packaging/third-party.ts";

const dist = join(top, "dist/npm");
rmSync(dist, { recursive: true, force: true });
const bundles = await bundleModules(dist);
writeFileSync(join(dist, "THIRD-PARTY.txt"), thirdPartyText(bundles));
copyOwnTexts(dist, packageManifest());
for (const name of ["bin/codex-backup", "LICENSE", "README.md", "CHANGELOG.md", "docs"])
  cpSync(join(top, name), join(dist, name), { recursive: true });
process.stdout.write("dist/npm: the npm package; make one file of it: npm pack ./dist/npm\n");

/** What the repository says of itself, without what only a checkout needs: scripts and dependencies. */
function packageManifest(): string {
  const { name, version, description, license, type, engines, bin } = JSON.parse(
    readFileSync(join(top, "package.json"), "utf8"),
  );
  const os = ["linux"];
  return `${JSON.stringify({ name, version, description, license, type, engines, os, bin }, null, 2)}\n`;
}
