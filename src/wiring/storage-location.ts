import type { RemoteDestinationConfig } from "../config/destination-config.ts";
import { locationOf as rcloneLocation } from "../destinations/folder/rclone/remote-path.ts";
import { locationOf as sftpLocation } from "../destinations/folder/sftp/settings.ts";

/** For people: where a storage is, as its own tools write it; no secret is in it. */
export function storageLocation(config: RemoteDestinationConfig): string {
  switch (config.kind) {
    case "s3": {
      const host = config.endpoint === null ? "" : ` at ${new URL(config.endpoint).host}`;
      return `s3://${config.prefix === "" ? config.bucket : `${config.bucket}/${config.prefix}`}${host}`;
    }
    case "azure":
      return `azure://${[config.account, config.container, config.prefix].filter((part) => part !== "").join("/")}`;
    case "sftp":
      return sftpLocation(config);
    case "webdav":
      return config.url;
    case "rclone":
      return rcloneLocation(config.remote);
    default:
      return config satisfies never;
  }
}
