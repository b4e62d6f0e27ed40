import { realpathSync } from "node:fs";
import { ownProgram } from "./own-program.ts";

/** A link in the system's own directories outlives the directory that a version is kept in. */
const usualPlaces = ["/usr/bin/codex-backup", "/usr/local/bin/codex-backup"];

/** See Tool.launcher: the usual path where it leads to this very program, else the program's own. */
export function unitLauncher(): string {
  const { launcher } = ownProgram();
  const own = realPathOf(launcher);
  return usualPlaces.find((place) => own !== null && realPathOf(place) === own) ?? launcher;
}

function realPathOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null; // nothing is there
  }
}
