import { join } from "node:path";
import type { Context } from "./context.ts";

/** Below STATE/work; what is in it is swept under the lock of proofs, never by runs. */
export const proofsDirectory = "proofs";

/** Where proofs, and nothing else, make their directories. It may not be there yet. */
export function proofsPath({ statePath }: Pick<Context, "statePath">): string {
  return join(statePath, "work", proofsDirectory);
}
