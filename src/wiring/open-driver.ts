import type { RemoteDestinationConfig } from "../config/destination-config.ts";
import type { Destination } from "../destinations/destination.ts";
import type { RemoteDeps } from "../destinations/remote-deps.ts";
import { Failure } from "../domain/failure.ts";
import type { Secret } from "../domain/secret.ts";

export interface DriverDeps extends RemoteDeps {
  /** For programs that a driver starts: PATH, HOME, LANG. */
  readonly childEnv: Readonly<Record<string, string>>;
}

/** The driver of a storage elsewhere, without any layer. Throws "destination.denied" when its secrets were not opened. */
export async function openDriver(config: RemoteDestinationConfig, deps: DriverDeps): Promise<Destination> {
  demandSecrets(config);
  switch (config.kind) {
    case "s3": {
      const { createS3Destination } = await import("../destinations/objects/s3/s3-destination.ts");
      return createS3Destination({ ...config, swornImmutableDays: config.sworn?.days ?? null }, deps);
    }
    case "azure": {
      const { createAzureDestination } = await import("../destinations/objects/azure/azure-destination.ts");
      return createAzureDestination(config, deps);
    }
    case "sftp": {
      const { createSftpDestination } = await import("../destinations/folder/sftp/sftp-destination.ts");
      return createSftpDestination(config, deps);
    }
    case "webdav": {
      const { createWebdavDestination } = await import("../destinations/folder/webdav/webdav-destination.ts");
      return createWebdavDestination(config, deps);
    }
    case "rclone": {
      const { createRcloneDestination } = await import("../destinations/folder/rclone/rclone-destination.ts");
      const own = Object.fromEntries(config.env.map(({ name, value }) => [name, value.reveal()]));
      return createRcloneDestination({ ...config, env: { ...deps.childEnv, ...own } }, deps);
    }
    default:
      return config satisfies never;
  }
}

/** A secret that was not opened is empty: to try without it would be told as a wrong password, or lock the account. */
function demandSecrets(config: RemoteDestinationConfig): void {
  if (secretsOf(config).every((secret) => secret === null || secret.reveal() !== "")) return;
  throw new Failure("destination.denied", `Cannot use "${config.name}": its secret could not be opened`, {
    hint: "Run codex-backup config check, which says why.",
  });
}

function secretsOf(config: RemoteDestinationConfig): readonly (Secret | null)[] {
  switch (config.kind) {
    case "s3": {
      const { credentials } = config;
      if (credentials.kind === "chain") return [];
      return [credentials.keyId, credentials.secret, credentials.sessionToken];
    }
    case "azure":
      return [config.credentials.kind === "key" ? config.credentials.key : config.credentials.sas];
    case "sftp":
      return [config.password, config.privateKey, config.passphrase];
    case "webdav":
      return [config.password];
    case "rclone":
      return config.env.map(({ value }) => value);
    default:
      return config satisfies never;
  }
}
