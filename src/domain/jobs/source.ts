import type { Secret } from "../secret.ts";

/** How the PostgreSQL client programs are started. */
export type Transport =
  | { readonly kind: "local" }
  | {
      readonly kind: "container";
      readonly engine: "docker" | "podman" | "nerdctl" | "kubectl";
      readonly select: ContainerSelector;
    }
  | { readonly kind: "ssh"; readonly host: string; readonly args: readonly string[] };

/**
 * Exactly one running container must match. For kubectl, `name` is "pod", "namespace/pod" or
 * "namespace/pod/container".
 */
export type ContainerSelector =
  | { readonly by: "name"; readonly name: string }
  | { readonly by: "compose"; readonly project: string; readonly service: string };

/** Where a PostgreSQL server is and how to log in. */
export interface PostgresSource {
  readonly transport: Transport;
  /** Host name, address or socket directory, as seen from where the client runs; null: the client's default. */
  readonly host: string | null;
  readonly port: number | null;
  readonly user: string | null;
  readonly password: Secret | null;
  /** Further libpq settings by keyword (sslmode, sslrootcert, …); never a password. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Directory of the client programs; null: chosen by the server's version, then from the PATH. */
  readonly clientDirectory: string | null;
}

/** Programs of this host, with all that is theirs by default. */
export const localSource: PostgresSource = {
  transport: { kind: "local" },
  host: null,
  port: null,
  user: null,
  password: null,
  parameters: {},
  clientDirectory: null,
};

/** A directory tree to put into a capsule. */
export interface CapsuleSource {
  /** Absolute. May be a symbolic link: it is resolved once; links inside are kept as links. */
  readonly root: string;
  /** Globs relative to the root ("audit.log", "ledger/**"); none means everything. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}
