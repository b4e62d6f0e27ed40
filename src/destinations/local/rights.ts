import { chmod, chown, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf, Failure } from "../../domain/failure.ts";
import type { FileRights } from "../../platform/files.ts";
import { currentUser, lookUpOwner, mayGiveTo, type OwnerIds } from "../../platform/owner.ts";
import type { LocalSettings } from "./settings.ts";
import { translateError } from "./translate.ts";

/** What a file has while it is not yet given away. */
export const privateRights: FileRights = { mode: 0o600, owner: null };

/**
 * The configured rights with the owner's ids. Throws "destination.owner" when the names are unknown on this
 * machine, or when we are not root and the files would have to belong to somebody else: a backup that the
 * operators' user cannot read is found out on the worst day.
 */
export async function rightsOf(
  settings: LocalSettings,
): Promise<{ readonly file: FileRights; readonly directory: FileRights }> {
  const owner = settings.owner === null ? null : await ownerIds(settings);
  return {
    file: { mode: settings.fileMode, owner },
    directory: { mode: settings.directoryMode, owner },
  };
}

async function ownerIds(settings: LocalSettings): Promise<OwnerIds | null> {
  if (settings.owner === null) return null;
  const { user, group } = settings.owner;
  const found = await lookUpOwner(settings.owner);
  if (found.kind === "unknown") {
    throw new Failure(
      "destination.owner",
      `Cannot give files in "${settings.path}" to "${user}": there is no ${found.what} "${found.name}" on this machine`,
      { hint: `Create it, or correct "owner" in the job's configuration.` },
    );
  }
  const me = currentUser();
  if (mayGiveTo(me, found.ids)) return found.ids;
  const wanted = group === null ? user : `${user}:${group}`;
  throw new Failure(
    "destination.owner",
    `Cannot give files in "${settings.path}" to "${wanted}": this runs as uid ${me.uid}, and only root may give files away`,
    { hint: `Run as root or as "${user}", or remove "owner" from the job's configuration.` },
  );
}

/**
 * Sets owner and mode of one of our files. Throws "destination.owner" when the file system has no owners, and
 * "destination.world-readable" when every user could read it afterwards (a mount without modes, in an
 * open directory).
 */
export async function giveRights(path: string, rights: FileRights): Promise<void> {
  const attempt = { verb: "set the rights of", path, directory: dirname(path) };
  if (rights.owner !== null) await giveAway(path, rights.owner);
  try {
    await chmod(path, rights.mode);
  } catch (error) {
    if (errnoOf(error) !== "EPERM") throw translateError(error, attempt);
    // A file system without modes; what matters is checked below.
  }
  await refuseOpenFile(path, rights.mode);
}

async function giveAway(path: string, owner: OwnerIds): Promise<void> {
  const before = await stat(path);
  if (before.uid === owner.uid && before.gid === owner.gid) return;
  try {
    await chown(path, owner.uid, owner.gid);
  } catch (error) {
    throw new Failure("destination.owner", `Cannot give "${path}" to uid ${owner.uid}: ${errnoOf(error)}`, {
      hint: `Mount that file system with uid=${owner.uid},gid=${owner.gid}, or remove "owner" from the configuration.`,
      cause: error,
    });
  }
}

async function refuseOpenFile(path: string, wantedMode: number): Promise<void> {
  const forOthers = (await stat(path)).mode & 0o007;
  if ((forOthers & ~wantedMode) === 0) return;
  const directory = await stat(dirname(path));
  if ((directory.mode & 0o001) === 0) return; // nobody else gets as far as the file
  throw new Failure(
    "destination.world-readable",
    `Cannot keep "${path}" private: every user of this machine can read it`,
    {
      hint: `Mount that file system with umask=0077, or close the directory: chmod o-rwx "${dirname(path)}".`,
    },
  );
}
