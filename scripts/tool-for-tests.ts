import { chmodSync, cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../tests/servers/cleanup.ts";
import { bundleModules, copyOwnTexts, top } from "./packaging/bundle.ts";

/**
 * Builds the tool as the npm package has it, for tests that start it hundreds of times: each start costs half of
 * what sources do. Returns the path of its launcher. Gone when this process is; others than its user may read it.
 */
export async function buildToolForTests(): Promise<string> {
  const home = temporaryDirectory("built-tool");
  chmodSync(home, 0o755);
  await bundleModules(home);
  copyOwnTexts(home, readFileSync(join(top, "package.json"), "utf8"));
  cpSync(join(top, "bin"), join(home, "bin"), { recursive: true });
  symlinkSync(join(top, "node_modules"), join(home, "node_modules"));
  return join(home, "bin/codex-backup");
}
