import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleScripts, copyOwnTexts, threadModules, top } from "./bundle.ts";
import { thirdPartyText } from "./third-party.ts";

export interface BuiltBinary {
  readonly path: string;
  readonly sizeBytes: number;
  /** The median of five starts that only say the version. */
  readonly startMs: number;
}

/**
 * Builds `directory`/codex-backup and THIRD-PARTY.txt beside it, with the Node that runs this. Compiled code
 * is not stored: it would make each build another file, and saves 20 ms of a start. The same sources and
 * packages give the same bytes.
 */
export async function buildBinary(directory: string): Promise<BuiltBinary> {
  const work = mkdtempSync(join(tmpdir(), "codex-binary-"));
  try {
    const bundles = await bundleScripts(work);
    const names = [
      ...copyOwnTexts(work, bareManifest()),
      ...threadModules.map((name) => name.replace(/\.ts$/, ".js")),
    ];
    mkdirSync(directory, { recursive: true });
    const path = join(directory, "codex-backup");
    rmSync(path, { force: true }); // one that is just running stays what it is
    writeFileSync(join(work, "sea.json"), JSON.stringify(recipe({ names, output: path }), null, 2));
    demand(spawnSync(process.execPath, ["--build-sea", "sea.json"], { cwd: work, encoding: "utf8" }));
    writeFileSync(join(directory, "THIRD-PARTY.txt"), nodeNotice() + thirdPartyText(bundles));
    return { path, sizeBytes: statSync(path).size, startMs: measureStart(path) };
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** What Node reads to build it; names are relative to its working directory. */
function recipe({ names, output }: { readonly names: readonly string[]; readonly output: string }): object {
  return {
    main: "codex-backup.js",
    mainFormat: "commonjs",
    output,
    disableExperimentalSEAWarning: true,
    execArgv: ["--disable-warning=ExperimentalWarning"],
    execArgvExtension: "none", // NODE_OPTIONS is meant for other programs
    assets: Object.fromEntries(names.map((name) => [name, name])),
  };
}

function bareManifest(): string {
  return JSON.stringify({ version: packageVersion() });
}

/** As package.json says. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));
  return version;
}

/** Node's own licence; those of the libraries in it are as many pages again, and stand at the address. */
function nodeNotice(): string {
  const { node } = process.versions;
  const own = readFileSync(join(top, "packaging/node-licence.txt"), "utf8");
  const where = `https://github.com/nodejs/node/blob/v${node}/LICENSE`;
  return `The executable contains Node.js ${node} and the libraries in it, whose licences are listed in\n${where}.\n${own}\n`;
}

function demand(end: { readonly status: number | null; readonly stderr: string }): void {
  if (end.status !== 0) throw new Error(`node --build-sea ended with status ${end.status}: ${end.stderr}`);
}

function measureStart(path: string): number {
  const times = Array.from({ length: 5 }, () => {
    const startedMs = performance.now();
    const { status, stdout } = spawnSync(path, ["--version"], { env: {}, encoding: "utf8" });
    if (status !== 0 || stdout !== `${packageVersion()}\n`) throw new Error(`${path} does not start`);
    return performance.now() - startedMs;
  });
  return Math.round(times.sort((a, b) => a - b)[2] ?? 0);
}
