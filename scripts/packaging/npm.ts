import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleModules, copyOwnTexts, top } from "./bundle.ts";
import { thirdPartyText } from "./third-party.ts";

/** Writes the npm package to `directory`, in the place of what was there. */
export async function buildPackage(directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  const bundles = await bundleModules(directory);
  writeFileSync(join(directory, "THIRD-PARTY.txt"), thirdPartyText(bundles));
  copyOwnTexts(directory, packageManifest());
  for (const name of ["bin/codex-backup", "LICENSE", "README.md", "CHANGELOG.md", "docs"])
    cpSync(join(top, name), join(directory, name), { recursive: true });
}

/** What the repository says of itself, without what only a checkout needs: scripts and dependencies. */
function packageManifest(): string {
  const { name, version, description, license, type, engines, bin } = JSON.parse(
    readFileSync(join(top, "package.json"), "utf8"),
  );
  const os = ["linux"];
  return `${JSON.stringify({ name, version, description, license, type, engines, os, bin }, null, 2)}\n`;
}
