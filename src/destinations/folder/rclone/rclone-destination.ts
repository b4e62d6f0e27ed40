import type { Destination } from "../../destination.ts";
import type { RemoteDeps } from "../../remote-deps.ts";
import { createFolderDestination } from "../folder-destination.ts";
import { createRcloneFolder } from "./rclone-folder.ts";
import { locationOf } from "./remote-path.ts";
import type { RcloneSettings } from "./settings.ts";

/** A folder on whatever the installed rclone can reach. Each step is a process of its own: nothing stays connected. */
export function createRcloneDestination(settings: RcloneSettings, deps: RemoteDeps): Destination {
  const { name, remote, traits } = settings;
  return createFolderDestination(
    { name, location: locationOf(remote), traits },
    createRcloneFolder(settings),
    deps,
  );
}
