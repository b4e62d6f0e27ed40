import type { PostgresDeps } from "../access.ts";
import type { ThrowawayPlan } from "../postgres.ts";
import { imageOf } from "./container-image.ts";
import { noServerPrograms, programsFor } from "./open-programs.ts";

/** See Postgres.planThrowaway. Decides as openThrowaway does. */
export async function planThrowaway(deps: PostgresDeps, plan: ThrowawayPlan): Promise<string> {
  const { choice, source, signal } = plan;
  if (choice.kind === "container") return `a container of ${choice.image}`;
  if (choice.kind === "scratch") return "a database on the server of prove.server";
  const directory = choice.kind === "programs" ? choice.directory : null;
  const programs = await programsFor(deps, plan, directory);
  if (programs !== null) return `PostgreSQL ${programs.version.text}, programs of this host`;
  const image = choice.kind === "auto" ? await imageOf(deps, source, signal) : null;
  if (image !== null) return "a container of the image that the job's server runs in";
  const where = directory === null ? "this host" : `"${directory}"`;
  throw noServerPrograms(plan, `${where} has no server programs of that version`);
}
