import type { Destination } from "../../destination.ts";
import type { RemoteDeps } from "../../remote-deps.ts";
import { createFolderDestination } from "../folder-destination.ts";
import { locationOf, type SftpSettings } from "./settings.ts";
import { createSftpFolder } from "./sftp-folder.ts";

/** A folder behind an SSH server whose host key is pinned. Nothing is connected before the first call. */
export function createSftpDestination(settings: SftpSettings, deps: RemoteDeps): Destination {
  const { name, traits } = settings;
  const folder = createSftpFolder(settings, deps);
  return createFolderDestination({ name, location: locationOf(settings), traits }, folder, deps);
}
