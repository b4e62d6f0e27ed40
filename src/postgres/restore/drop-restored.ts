import { Failure } from "../../domain/failure.ts";
import { underDeadline } from "../deadline.ts";
import type { ServerContext } from "../server.ts";
import { quoteName } from "../sql/literal.ts";
import { dropDatabase } from "./maintenance.ts";

/** For all that puts things back after a failure. */
export const undoDeadlineMs = 60_000;

/** Never throws: null when it is gone, else a hint that says how the rest stands and what to type. */
export async function dropRestored(
  context: ServerContext,
  restored: string,
  rest: string,
): Promise<string | null> {
  const { clock, log } = context.access.deps;
  try {
    await underDeadline(clock, undoDeadlineMs, (signal) => dropDatabase(context, restored, signal));
    return null;
  } catch (error) {
    log.error({ database: restored, error: String(error) }, "the restored database could not be dropped");
    return `${rest}; only drop the restored copy: DROP DATABASE ${quoteName(restored)};`;
  }
}

/** The same failure with another hint; null leaves its own. */
export function withHint(failure: Failure, hint: string | null): Failure {
  if (hint === null) return failure;
  const { code, message, context, cause } = failure;
  return new Failure(code, message, { hint, context, cause });
}
