import type { PostgresDeps } from "../access.ts";
import type { Throwaway, ThrowawayWish } from "../postgres.ts";
import { imageOf } from "./container-image.ts";
import { createThrowaway } from "./create-throwaway.ts";
import { openInContainer } from "./open-container.ts";
import { noServerPrograms, openFromPrograms, programsFor } from "./open-programs.ts";
import { openScratch } from "./open-scratch.ts";
import type { ThrowawayHost } from "./throwaway-host.ts";

/** See Postgres.openThrowaway. */
export async function openThrowaway(deps: PostgresDeps, wish: ThrowawayWish): Promise<Throwaway> {
  wish.signal.throwIfAborted();
  return createThrowaway(deps, await openHost(deps, wish), wish);
}

function openHost(deps: PostgresDeps, wish: ThrowawayWish): Promise<ThrowawayHost> {
  const { choice } = wish;
  switch (choice.kind) {
    case "programs":
      return openHere(deps, wish, choice.directory);
    case "container":
      return openInContainer(deps, wish, choice);
    case "scratch":
      return openScratch(deps, wish, choice.source);
    case "auto":
      return openFirst(deps, wish);
  }
}

async function openHere(
  deps: PostgresDeps,
  wish: ThrowawayWish,
  directory: string | null,
): Promise<ThrowawayHost> {
  const programs = await programsFor(deps, wish, directory);
  if (programs !== null) return openFromPrograms(deps, wish, programs);
  const where = directory === null ? "this host" : `"${directory}"`;
  throw noServerPrograms(wish, `${where} has no server programs of that version`);
}

/** This host's programs, else a container of the image that the job's own server runs in. */
async function openFirst(deps: PostgresDeps, wish: ThrowawayWish): Promise<ThrowawayHost> {
  const programs = await programsFor(deps, wish, null);
  if (programs !== null) return openFromPrograms(deps, wish, programs);
  const image = await imageOf(deps, wish.source, wish.signal);
  if (image !== null) return openInContainer(deps, wish, image);
  throw noServerPrograms(
    wish,
    "this host has no server programs of that version, and the job no container of its own",
  );
}
