import type { Destination } from "../../destinations/destination.ts";
import { judgeStorage } from "../../domain/doctor/checks/storage.ts";
import type { Diagnosis } from "../../domain/doctor/finding.ts";
import { lostHolds, readyOf, tryProbe } from "./look-at-destination.ts";
import type { DoctorScene } from "./scene.ts";

/** A storage elsewhere, tried out as a run would use it: ready, then a probe put, read back and removed. */
export async function lookAtStorage(
  scene: DoctorScene,
  destination: Destination,
): Promise<readonly Diagnosis[]> {
  const { catalog, randomToken } = scene.context;
  const { name, location } = destination;
  const use = await readyOf(destination);
  const isUsable = use.failure === null;
  return judgeStorage({
    name,
    path: location,
    ...use,
    knownIds: catalog.destinationIds(name),
    probe: isUsable ? await tryProbe(destination, randomToken(12)) : null,
    holdsLost: isUsable ? await lostHolds(scene, destination) : [],
  });
}
