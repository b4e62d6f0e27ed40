import { startChild, succeeded } from "../../platform/child.ts";
import type { PostgresDeps } from "../access.ts";
import { cleanEnvironment } from "../reach/call.ts";
import { finish, lastWords } from "../reach/finished.ts";
import { cannotStart } from "./local-cluster.ts";

/**
 * Throws "postgres.throwaway" unless the engine answers. Asked before a container is noted: of an engine that nobody
 * can reach, no later proof could tell whether it still has to be removed there, and each would complain.
 */
export async function demandEngine(deps: PostgresDeps, engine: string, signal: AbortSignal): Promise<void> {
  const env = cleanEnvironment(deps.env);
  const asking = await startChild({ program: engine, args: ["version"], env, stdout: "pipe" });
  const { end } = await finish(asking, signal);
  if (!succeeded(end)) throw cannotStart(`${engine} does not answer: ${lastWords(end)}`);
}
