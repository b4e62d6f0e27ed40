import { resolve } from "node:path";
import type { Io } from "./cli.ts";

/** A file that the operator named, from where they typed; null: none was named. */
export function givenPath({ cwd }: Pick<Io, "cwd">, path: string | null): string | null {
  return path === null ? null : resolve(cwd, path);
}
