import { messageOf } from "../../domain/failure.ts";
import type { PostgresSource } from "../../domain/jobs/source.ts";
import type { PostgresDeps } from "../access.ts";
import { closeReach, reachServer } from "../connect.ts";
import { withQuietConnections } from "./quiet-connections.ts";
import { removeScratch } from "./remove-scratch.ts";
import { guardScratch } from "./scratch-guard.ts";
import { scratchDatabase } from "./scratch-names.ts";
import { scratchTokens } from "./scratch-tokens.ts";

/**
 * Removes what dead proofs left on a scratch server: all that is marked as a proof's, and whose guard is gone. One
 * line each; what cannot be removed is logged.
 */
export async function sweepScratch(
  deps: PostgresDeps,
  source: PostgresSource,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const context = withQuietConnections(
    await reachServer(deps, source, { database: "postgres", label: "sweep", signal }),
  );
  const lines: string[] = [];
  try {
    for (const token of await scratchTokens(context)) {
      const guard = await guardScratch(context, token);
      if (guard === null) continue;
      try {
        await removeScratch(context, token, signal);
        lines.push(`Removed "${scratchDatabase(token)}" from the scratch server: its proof did not end well`);
      } catch (error) {
        const database = scratchDatabase(token);
        deps.log.warn({ error: messageOf(error), database }, "what a proof left on the scratch server stays");
      } finally {
        await guard.close();
      }
    }
  } finally {
    await closeReach(context.access.reach, deps);
  }
  return lines;
}
