import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Destination } from "../../destinations/destination.ts";
import { type DestinationLook, judgeDestination } from "../../domain/doctor/checks/destination.ts";
import type { Diagnosis } from "../../domain/doctor/finding.ts";
import { asFailure, type FailureReport, reportOf } from "../../domain/failure.ts";
import { destinationNamed } from "../context.ts";
import { rightsAt } from "./ask.ts";
import { unmountedAbove } from "./mounts.ts";
import type { DestinationPlace, DoctorScene } from "./scene.ts";

/** One destination, tried out as a run would use it: ready, then a probe put, read back and removed. */
export async function lookAtDestination(
  scene: DoctorScene,
  place: DestinationPlace,
): Promise<readonly Diagnosis[]> {
  const { context, machine, user } = scene;
  const destination = destinationNamed(context, place.name);
  const unmounted = await unmountedAbove(place.path, machine);
  const use = unmounted === null ? await readyOf(destination) : { id: null, warnings: [], failure: null };
  const rights = await rightsAt(place.path);
  const isUsable = unmounted === null && use.failure === null;
  return judgeDestination({
    ...place,
    ...use,
    user,
    mode: rights?.mode ?? null,
    ownedBy: rights?.ownedBy ?? null,
    unmounted,
    isEmptyOrOurs: await isEmptyOrOurs(place.path),
    knownIds: context.catalog.destinationIds(place.name),
    probe: isUsable ? await tryProbe(destination, context.randomToken(12)) : null,
    readable: await readableBackups(place.path),
    holdsLost: isUsable ? await lostHolds(scene, destination) : [],
  });
}

/** That a directory is open is judged here by its mode. */
type Use = Pick<DestinationLook, "id" | "failure" | "warnings">;

/** What a run would be told. */
export async function readyOf(destination: Destination): Promise<Use> {
  try {
    const { id, warnings } = await destination.ready();
    return { id, warnings: warnings.filter((one) => !one.startsWith("every user")), failure: null };
  } catch (error) {
    return { id: null, warnings: [], failure: failureOf(error, destination.location) };
  }
}

function failureOf(error: unknown, location: string): FailureReport {
  return reportOf(asFailure(error, "destination.io", `Cannot use "${location}"`));
}

/** Through the same door as a backup's files, under a name that no retention and no checksums take for one. */
export async function tryProbe(
  destination: Destination,
  token: string,
): Promise<NonNullable<DestinationLook["probe"]>> {
  const name = `codex-backup-doctor-${token}.probe`;
  const bytes = Buffer.from(`written by codex-backup doctor, ${token}; it may be removed\n`);
  try {
    await destination.put(name, bytes, `doctor-${token}`);
    const back = await destination.read(name);
    const removed = await destination.remove(name); // an append-only storage keeps it, and is fine
    return { isEqual: back.equals(bytes) && removed !== "gone", failure: null };
  } catch (error) {
    await destination.remove(name).catch(() => "gone"); // the first error is the one to tell
    return { isEqual: false, failure: failureOf(error, destination.location) };
  }
}

const ourNames = /^(\.codex-backup|RESTORE-v1\.md$|checksums\.txt$)|\.(manifest\.json|sha256|hold|accepted)$/;

/** Whether marking it as ours could hide that it is something else. */
async function isEmptyOrOurs(path: string): Promise<boolean> {
  const names = await readdir(path).catch(() => null);
  if (names === null) return false;
  return names.every((one) => ourNames.test(one) || one === "lost+found");
}

const backupNames = /\.(sql|dump|zip|gz|zst|age)$/;

/** Files that look like backups, ours or an old script's, that others may read, in a directory that lets them in. */
async function readableBackups(path: string): Promise<readonly string[]> {
  const names = (await readdir(path).catch(() => [])).filter((name) => backupNames.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const seen = await lstat(join(path, name)).catch(() => null);
      return seen?.isFile() && (seen.mode & 0o007) !== 0 ? [name] : [];
    }),
  );
  return found.flat().sort();
}

/** Backups held here, whose mark is gone. */
export async function lostHolds(
  { context }: DoctorScene,
  destination: Destination,
): Promise<readonly string[]> {
  const { catalog, jobs } = context;
  const held = jobs
    .flatMap(({ name }) => catalog.backups({ job: name }))
    .filter(
      (row) =>
        row.held &&
        row.copies.some((copy) => copy.destination === destination.name && copy.state === "whole"),
    )
    .filter((row) =>
      catalog
        .marks(row.job, row.id)
        .some((mark) => mark.kind === "hold" && mark.destination === destination.name),
    );
  const marks = await Promise.all(held.map((row) => destination.stat(`${row.id}.hold`)));
  return held.filter((_, index) => marks[index] === null).map((row) => `${row.job}/${row.id}`);
}
