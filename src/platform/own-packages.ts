import { createRequire } from "node:module";
import { dirname } from "node:path";
import { ownForm } from "./own-files.ts";

/**
 * The directory of the entry file of the last of these npm packages, each found as the one before it would find it;
 * null where they are not installed: they are no part of a production install.
 */
export function findOwnPackage(chain: readonly string[]): string | null {
  if (ownForm.kind === "executable") return null;
  try {
    let from = import.meta.url;
    for (const name of chain) from = createRequire(from).resolve(name);
    return dirname(from);
  } catch {
    return null; // it only says that it cannot be found
  }
}
