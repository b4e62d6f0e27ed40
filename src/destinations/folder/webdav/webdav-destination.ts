import type { Destination } from "../../destination.ts";
import type { RemoteDeps } from "../../remote-deps.ts";
import { createFolderDestination } from "../folder-destination.ts";
import { folderUrl, type WebdavSettings } from "./settings.ts";
import { createWebdavFolder } from "./webdav-folder.ts";

/** A folder of a WebDAV server. Nothing is connected before the first call. */
export function createWebdavDestination(settings: WebdavSettings, deps: RemoteDeps): Destination {
  const { name, traits } = settings;
  const location = folderUrl(settings).href;
  return createFolderDestination({ name, location, traits }, createWebdavFolder(settings), deps);
}
