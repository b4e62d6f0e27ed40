import { Failure } from "../../domain/failure.ts";
import { localSource } from "../../domain/jobs/source.ts";
import type { PostgresDeps } from "../access.ts";
import type { ThrowawayPlan, ThrowawayWish } from "../postgres.ts";
import { openReach } from "../reach/reach.ts";
import { type OwnCluster, openClusterHost } from "./cluster-host.ts";
import { findServerPrograms, type ServerPrograms } from "./find-programs.ts";
import { startLocalCluster } from "./local-cluster.ts";
import { locksFor } from "./server-settings.ts";
import type { ThrowawayHost } from "./throwaway-host.ts";
import { tryToRemove } from "./try-to-remove.ts";
import { wantedMajor } from "./wanted-major.ts";
import { openWorkplace } from "./workplace.ts";

/** This host's server programs for that backup; null when it has none of that version. */
export async function programsFor(
  deps: PostgresDeps,
  wish: Pick<ThrowawayPlan, "facts" | "signal">,
  configured: string | null,
): Promise<ServerPrograms | null> {
  const reach = await openReach(localSource, deps.env, wish.signal);
  const major = wantedMajor(wish.facts);
  return findServerPrograms(reach, { major, configured, embedded: true, signal: wish.signal });
}

/** A server started from this host's own programs. */
export async function openFromPrograms(
  deps: PostgresDeps,
  wish: ThrowawayWish,
  programs: ServerPrograms,
): Promise<ThrowawayHost> {
  const place = await openWorkplace(deps, wish.workPath, wish.label);
  let stop = async () => {};
  const remove = async () => {
    try {
      await stop();
      await place.close();
    } catch (error) {
      place.leave(); // for the sweep of the next proof
      throw error;
    }
  };
  try {
    const superuser = `proof_${place.token}`;
    const locks = locksFor(wish.facts.fingerprint);
    const order = { place, programs, superuser, locks, signal: wish.signal };
    const server = await startLocalCluster(deps, order);
    stop = () => server.stop();
    const clientDirectory = programs.hasClients && programs.directory !== "" ? programs.directory : null;
    const address = { host: server.socketDirectory, port: 5432, user: superuser, clientDirectory };
    const cluster: OwnCluster = {
      description: `PostgreSQL ${programs.version.text}, programs of this host`,
      source: { ...localSource, ...address },
      remove,
    };
    return await openClusterHost(deps, cluster, wish);
  } catch (error) {
    await tryToRemove(deps, remove);
    throw error;
  }
}

/** What to install for it. */
export function noServerPrograms(wish: Pick<ThrowawayPlan, "facts">, seen: string): Failure {
  const major = wantedMajor(wish.facts);
  return new Failure(
    "postgres.no-server-programs",
    `Cannot start a PostgreSQL ${major} server for the proof: ${seen}`,
    {
      hint: `Install postgresql-${major}, or set prove.server to a container image or to a scratch server.`,
      context: { major },
    },
  );
}
