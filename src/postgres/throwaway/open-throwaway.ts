import type { PostgresDeps } from "../access.ts";
import type { Throwaway, ThrowawayWish } from "../postgres.ts";
import { createThrowaway } from "./create-throwaway.ts";
import { noServerPrograms, openFromPrograms, programsFor } from "./open-programs.ts";
import type { ThrowawayHost } from "./throwaway-host.ts";

/** See Postgres.openThrowaway. */
export async function openThrowaway(deps: PostgresDeps, wish: ThrowawayWish): Promise<Throwaway> {
  wish.signal.throwIfAborted();
  return createThrowaway(deps, await openHost(deps, wish), wish);
}

async function openHost(deps: PostgresDeps, wish: ThrowawayWish): Promise<ThrowawayHost> {
  const { choice } = wish;
  const directory = choice.kind === "programs" ? choice.directory : null;
  const programs = await programsFor(deps, wish, directory);
  if (programs !== null) return openFromPrograms(deps, wish, programs);
  throw noServerPrograms(wish, "this host has no server programs of that version");
}
