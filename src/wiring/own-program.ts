import { join } from "node:path";
import { ownForm } from "../platform/own-files.ts";

export interface OwnProgram {
  /** What to start as a child, without a shell: the same program in the same form on the same Node. */
  readonly file: string;
  /** To be put before the arguments of the command line. */
  readonly args: readonly string[];
  /** One absolute path that starts it, for a line of cron or a unit: it stays right when Node is replaced. */
  readonly launcher: string;
}

/** How children, cron and units come back to this very program. */
export function ownProgram(): OwnProgram {
  const { kind, top } = ownForm;
  const file = process.execPath;
  if (kind === "executable") return { file, args: [], launcher: file };
  const main = join(top, kind === "built" ? "codex-backup.js" : "src/main.ts");
  const args = ["--disable-warning=ExperimentalWarning", main];
  return { file, args, launcher: join(top, "bin/codex-backup") };
}
