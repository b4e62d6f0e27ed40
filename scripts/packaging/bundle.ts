import { cpSync, globSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type BuildOptions, build, type Metafile } from "esbuild";

/** The repository. */
export const top = join(import.meta.dirname, "../..");

/** Modules that are started as threads: each becomes a file of its own. */
export const threadModules = globSync("src/**/*-thread.ts", { cwd: top }).sort();

/** What the program reads at run time beside its code, by the names that platform/own-files.ts uses. */
const ownTexts = globSync("src/**/*.*", { cwd: top })
  .filter((name) => !name.endsWith(".ts"))
  .sort();

const shared: BuildOptions = {
  absWorkingDir: top,
  bundle: true,
  platform: "node",
  target: "node24",
  metafile: true,
  legalComments: "none", // they are in THIRD-PARTY.txt, whole
  logLevel: "warning",
  // ssh2's machine code is optional: where it is missing, it takes Node's own ciphers. One build then fits each machine.
  external: ["*.node", "cpu-features"],
  // Of the packages, the entries made for Node; never a build for browsers.
  mainFields: ["module", "main"],
};

/** CommonJS packages call require for Node's own modules, and name their directory: a module of ours has neither by itself. */
const requireForModules =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url); const __dirname = import.meta.dirname;';

/**
 * Writes the program as modules that are loaded when they are needed: codex-backup.js, its parts, its threads.
 * `further`: entries beside the program's own, by their names there.
 */
export async function bundleModules(
  directory: string,
  further: Readonly<Record<string, string>> = {},
): Promise<readonly Metafile[]> {
  const modules: BuildOptions = {
    ...shared,
    format: "esm",
    sourcemap: true,
    sourcesContent: false,
    banner: { js: requireForModules },
    outdir: directory,
  };
  const main = await build({
    ...modules,
    entryPoints: { "codex-backup": "src/main.ts", ...further },
    splitting: true,
    chunkNames: "[name]-[hash]",
  });
  const threads = await build({ ...modules, entryPoints: threadModules, outbase: "." });
  return [main, threads].flatMap(({ metafile }) => (metafile === undefined ? [] : [metafile]));
}

/** Writes the program as scripts, one file each, as the single executable wants them. */
export async function bundleScripts(directory: string): Promise<readonly Metafile[]> {
  const threads = threadModules.map((name) => ({ in: name, out: name.replace(/\.ts$/, "") }));
  const { metafile } = await build({
    ...shared,
    format: "cjs",
    // Names stay, so that a stack can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    outdir: directory,
    entryPoints: [...threads, { in: "src/main.ts", out: "codex-backup" }],
    logOverride: { "empty-import-meta": "silent" }, // own-files.ts asks first whether it is in the executable
  });
  return metafile === undefined ? [] : [metafile];
}

/** Copies what is read at run time to where own-files.ts looks for it. Returns the names. */
export function copyOwnTexts(directory: string, manifest: string): readonly string[] {
  for (const name of ownTexts) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    cpSync(join(top, name), join(directory, name));
  }
  writeFileSync(join(directory, "package.json"), manifest);
  return [...ownTexts, "package.json"];
}
