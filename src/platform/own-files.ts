import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sea from "node:sea";
import { Worker, type WorkerOptions } from "node:worker_threads";

// The program comes in three forms: sources run as they are, modules built into dist/, and one executable that
// holds everything. Only this file knows which one runs; names are always those of the sources ("src/…").

export type OwnForm =
  | {
      readonly kind: "sources" | "built" /** The directory that names are relative to. */;
      readonly top: string;
    }
  | { readonly kind: "executable"; readonly top: null };

/** In which form this program runs. */
export const ownForm: OwnForm = findForm();

function findForm(): OwnForm {
  if (sea.isSea()) return { kind: "executable", top: null };
  if (!import.meta.filename.endsWith(".ts")) return { kind: "built", top: import.meta.dirname };
  return { kind: "sources", top: join(import.meta.dirname, "../..") };
}

/** A text that belongs to the program, such as "src/catalog/schema/0001-start.sql". Throws when there is none. */
export function readOwnText(name: string): string {
  const { top } = ownForm;
  return top === null ? sea.getAsset(name, "utf8") : readFileSync(join(top, name), "utf8");
}

/** The names of the files in one of the program's folders, without the folder, sorted. */
export function listOwnFiles(folder: string): readonly string[] {
  const { top } = ownForm;
  if (top !== null) return readdirSync(join(top, folder)).sort();
  const prefix = `${folder}/`;
  return sea
    .getAssetKeys()
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length))
    .sort();
}

/** Starts a thread on one of the program's modules, which must be called "…-thread.ts" for the build to find it. */
export function startOwnThread(module: `src/${string}-thread.ts`, options: WorkerOptions = {}): Worker {
  const { kind, top } = ownForm;
  const built = module.replace(/\.ts$/, ".js");
  if (top === null) return new Worker(sea.getAsset(built, "utf8"), { ...options, eval: true });
  return new Worker(join(top, kind === "built" ? built : module), options);
}
