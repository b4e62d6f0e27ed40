import type { RemoteDestinationConfig } from "../config/destination-config.ts";

/** For people: where a storage is, as its own tools write it; no secret is in it. */
export function storageLocation(config: RemoteDestinationConfig): string {
  switch (config.kind) {
    case "s3":
      return `s3://${[config.bucket, config.prefix].filter((part) => part !== "").join("/")}`;
    case "azure":
      return `azure://${[config.account, config.container, config.prefix].filter((part) => part !== "").join("/")}`;
    case "sftp": {
      const port = config.port === 22 ? "" : `:${config.port}`;
      return `sftp://${config.user}@${config.host}${port}${config.path.startsWith("/") ? "" : "/~/"}${config.path}`;
    }
    case "webdav":
      return config.url;
    case "rclone":
      return config.remote;
    default:
      return config satisfies never;
  }
}
