import type { StorageTraits } from "../../../domain/copies/storage-traits.ts";
import type { Secret } from "../../../domain/secret.ts";

/** A folder behind an SSH server, as the operator configured it. */
export interface SftpSettings {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Absolute, or relative to where the server puts the user. */
  readonly path: string;
  /** "SHA256:…" as ssh-keygen -l prints it; at least one. Nothing else is ever trusted. */
  readonly hostKeys: readonly string[];
  readonly password: Secret | null;
  /** The text of the key's file. */
  readonly privateKey: Secret | null;
  readonly passphrase: Secret | null;
  readonly traits: StorageTraits;
}

/** "sftp://backup@host:2222/srv/backups". */
export function locationOf({ host, port, user, path }: SftpSettings): string {
  const shownPort = port === 22 ? "" : `:${port}`;
  return `sftp://${user}@${host}${shownPort}${path.startsWith("/") ? path : `/~/${path}`}`;
}
