import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { type Diagnosis, octal, type Remedy } from "../../domain/doctor/finding.ts";
import { asFailure, Failure } from "../../domain/failure.ts";
import { describeCount } from "../../domain/plain-words.ts";
import { makeDirectories } from "../../platform/files.ts";
import { lookUpOwner } from "../../platform/owner.ts";
import { destinationNamed } from "../context.ts";
import type { DoctorScene } from "./scene.ts";

/** The finding as mended, or with why it could not be. */
export async function mend(scene: DoctorScene, found: Diagnosis): Promise<Diagnosis> {
  const { remedy, message } = found;
  if (remedy === null) return found;
  try {
    const done = await apply(scene, remedy);
    return { ...found, isFixed: true, commands: [], message: `${message}\nmended: ${done}` };
  } catch (error) {
    const failure = asFailure(error, "platform.file", "Cannot mend it");
    return { ...found, remedy: null, message: `${message}\nnot mended: ${failure.message}` };
  }
}

/** Says what it did. */
async function apply(scene: DoctorScene, remedy: Remedy): Promise<string> {
  switch (remedy.kind) {
    case "make-directory": {
      const { path, mode, owner } = remedy;
      const ids = owner === null ? null : await lookUpOwner(owner);
      if (ids?.kind === "unknown")
        throw new Failure("platform.file", `Cannot create "${path}": there is no ${ids.what} "${ids.name}"`);
      await makeDirectories(path, { mode, owner: ids?.ids ?? null });
      return `created ${path}, mode ${octal(mode)}`;
    }
    case "initialise": {
      const destination = destinationNamed(scene.context, remedy.destination);
      const id = await destination.initialise();
      return `${destination.location} is there and marked as ours (${id})`;
    }
    case "make-signing-key": {
      const { keyId } = await scene.context.signatures.generate();
      return `made the key ${keyId}, which signs from the next run on`;
    }
    case "set-modes":
      for (const path of remedy.paths) await setMode(path, remedy.mode);
      return `${describeCount(remedy.paths.length, "path")} now ${remedy.paths.length === 1 ? "has" : "have"} mode ${octal(remedy.mode)}`;
    default:
      return remedy satisfies never;
  }
}

/** Never through a symbolic link, which may lead to a file that everybody must be able to read. */
async function setMode(path: string, mode: number): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}
