import type { PostgresSource } from "../../domain/jobs/source.ts";
import { startChild, succeeded } from "../../platform/child.ts";
import type { PostgresDeps } from "../access.ts";
import { cleanEnvironment } from "../reach/call.ts";
import { findContainer } from "../reach/find-container.ts";
import { finish } from "../reach/finished.ts";

export interface ContainerImage {
  readonly engine: string;
  readonly image: string;
}

/**
 * The image of the container that the job's own server runs in; null where there is none that could be run here:
 * a server outside of containers, or in a cluster's pods.
 */
export async function imageOf(
  deps: PostgresDeps,
  source: PostgresSource | null,
  signal: AbortSignal,
): Promise<ContainerImage | null> {
  if (source?.transport.kind !== "container" || source.transport.engine === "kubectl") return null;
  const { engine, select } = source.transport;
  const env = cleanEnvironment(deps.env);
  const id = await findContainer({ engine, select, env, signal });
  const args = ["inspect", "--type=container", "--format={{.Image}}", id];
  const run = await finish(await startChild({ program: engine, args, env, stdout: "pipe" }), signal);
  const image = run.stdout.toString("utf8").trim();
  return succeeded(run.end) && image !== "" ? { engine, image } : null;
}
