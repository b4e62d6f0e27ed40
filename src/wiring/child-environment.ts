/** Where the clients find their servers and keys; without these a working `docker ps` would fail under us. */
const clientVariables: readonly string[] = [
  "DOCKER_HOST",
  "DOCKER_CONTEXT",
  "DOCKER_CONFIG",
  "DOCKER_CERT_PATH",
  "DOCKER_TLS_VERIFY",
  "CONTAINER_HOST",
  "CONTAINER_CONNECTION",
  "CONTAINERS_CONF",
  "CONTAINERS_STORAGE_CONF",
  "CONTAINERD_ADDRESS",
  "CONTAINERD_NAMESPACE",
  "NERDCTL_TOML",
  "KUBECONFIG",
  "SSH_AUTH_SOCK",
  "XDG_RUNTIME_DIR",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
  "DBUS_SESSION_BUS_ADDRESS",
  "TMPDIR",
  "TZ",
];

const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Who runs us, for what the environment leaves out (cron, systemd). */
export interface Account {
  readonly name: string;
  readonly home: string;
}

/**
 * The environment of every program that we start, made from nothing: what lies in the operator's shell (PG*,
 * LD_*, a locale that translates messages) changes no backup.
 */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  account: Account,
): Readonly<Record<string, string>> {
  const passed = clientVariables.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    PATH: env.PATH || usualPath,
    HOME: env.HOME || account.home,
    USER: account.name,
    LOGNAME: account.name,
    LANG: "C.UTF-8",
    ...Object.fromEntries(passed),
  };
}
