import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleModules, copyOwnTexts, top } from "../../../scripts/packaging/bundle.ts";
import type { perform } from "./tool.ts";

/** The tool as it was built: what a process of its own is started from, and the same code for this process. */
export interface Program {
  readonly main: string;
  /** What `node --import` loads before it. */
  readonly preload: string;
  /** All processes share what Node compiled: one that is killed leaves nothing there for the next one. */
  readonly compileCache: string;
  readonly perform: typeof perform;
  close(): void;
}

/** As the npm package has it: built once, and each start and each thread costs a third of what sources do. */
export async function buildProgram(): Promise<Program> {
  const home = mkdtempSync(join(tmpdir(), "codex-faults-program-"));
  const here = "tests/faults/campaign";
  await bundleModules(home, { tool: `${here}/tool.ts`, preload: `${here}/kill-preload.ts` });
  copyOwnTexts(home, readFileSync(join(top, "package.json"), "utf8"));
  const built: { readonly perform: typeof perform } = await import(pathToFileURL(join(home, "tool.js")).href);
  return {
    main: join(home, "codex-backup.js"),
    preload: join(home, "preload.js"),
    compileCache: join(home, "compile-cache"),
    perform: built.perform,
    close: () => rmSync(home, { recursive: true, force: true }),
  };
}
