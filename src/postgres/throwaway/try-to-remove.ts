import { messageOf } from "../../domain/failure.ts";
import type { PostgresDeps } from "../access.ts";

/** What cannot be removed now is logged, so that it never replaces what the proof found, or the error that ended it. */
export async function tryToRemove(deps: PostgresDeps, remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    deps.log.error(
      { error: messageOf(error) },
      "a throwaway server could not be removed; the next proof tries again",
    );
  }
}
