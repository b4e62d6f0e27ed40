import { systemdWord, type UnitCommand, unitHead } from "./unit-command.ts";

/** What a service may reach beside the basics. */
export interface ServiceReach {
  /** Absolute paths that it writes to. */
  readonly writePaths: readonly string[];
  /** It starts a container engine without a daemon (podman, nerdctl), which needs namespaces and devices of its own. */
  readonly hasEngine: boolean;
  /** A server's socket, or other things of ours, lie under /tmp or /var/tmp. */
  readonly usesTmp: boolean;
  /** It starts throwaway servers for proofs; as root, under another user than itself. */
  readonly startsServers: boolean;
}

export interface ServiceParts extends ServiceReach {
  readonly description: string;
  readonly command: UnitCommand;
  /** What follows the config on the command line. */
  readonly words: readonly string[];
  /** Null: no limit. */
  readonly timeoutMs: number | null;
}

/** So long after the run's own limit systemd ends what could not end itself. */
const marginSeconds = 300;

/** A service that does one thing and ends; its timer starts it. */
export function formatService(parts: ServiceParts): string {
  const { command, timeoutMs } = parts;
  const limit = timeoutMs === null ? "infinity" : `${Math.ceil(timeoutMs / 1000) + marginSeconds}s`;
  return `${unitHead("systemd", command.configPath)}
[Unit]
Description=${parts.description}
Wants=network-online.target
After=network-online.target docker.service postgresql.service

[Service]
Type=oneshot
ExecStart=${execOf(parts)}
TimeoutStartSec=${limit}
# Only our own process is ended: it ends its children itself, and one that still delivers a message may finish.
KillMode=process
${sandbox(parts)}`;
}

/** The service that schedules by itself, in the place of the timers. */
export function formatServe(parts: Omit<ServiceParts, "timeoutMs" | "words">): string {
  return `${unitHead("systemd", parts.command.configPath)}
[Unit]
Description=${parts.description}
Wants=network-online.target
After=network-online.target docker.service postgresql.service

[Service]
ExecStart=${execOf({ ...parts, words: ["serve"] })}
ExecReload=kill -HUP $MAINPID
Restart=on-failure
RestartSec=10s
# It stops when the runs that are going have ended.
KillMode=mixed
TimeoutStopSec=2h
${sandbox(parts)}
[Install]
WantedBy=multi-user.target
`;
}

function execOf({ command, words }: Pick<ServiceParts, "command" | "words">): string {
  return [command.program, "--config", command.configPath, ...words].map(systemdWord).join(" ");
}

function sandbox(parts: ServiceReach & Pick<ServiceParts, "command">): string {
  const { command, writePaths } = parts;
  const paths = [...new Set(writePaths)].map((path) => systemdWord(`-${path}`));
  return `User=${command.user}
Environment=NODE_COMPILE_CACHE=/var/cache/codex-backup/compiled
CacheDirectory=codex-backup
CacheDirectoryMode=0700
UMask=0077
# Written to: the state, the destinations, the working directories of commands. "-": one that is missing is no error
# here, since the run itself says so better.
ReadWritePaths=${paths.join(" ")}
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=${parts.usesTmp ? "no" : "yes"}
NoNewPrivileges=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=${command.user === "root" ? "no" : "yes"}
KeyringMode=private
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
${parts.hasEngine ? engineLines : tightLines(command.user === "root", parts)}
# Cannot be tighter: MemoryDenyWriteExecute (Node compiles as it runs), PrivateNetwork and IPAddressDeny (servers are
# reached over the network), PrivateUsers (files are given to their owner), ProcSubset=pid (the boot's id and free
# memory are read). The docker socket is reached through AF_UNIX; whoever may use it is root on this host.
`;
}

/**
 * Root reads the tree whoever owns it, and gives files to their owner; another account does neither. PostgreSQL refuses to
 * run as root, so a server for a proof becomes another user, is found again and ended.
 */
function tightLines(isRoot: boolean, { startsServers }: ServiceReach): string {
  const servers = startsServers ? " CAP_KILL CAP_SETGID CAP_SETUID CAP_SYS_PTRACE" : "";
  const capabilities = isRoot ? `CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER${servers}` : "";
  return `PrivateDevices=yes
PrivateMounts=yes
DevicePolicy=closed
ProtectControlGroups=yes
ProtectProc=invisible
RestrictNamespaces=yes
CapabilityBoundingSet=${capabilities}
SystemCallFilter=@system-service
SystemCallFilter=~@resources @obsolete @debug @mount @swap @reboot @raw-io @module @cpu-emulation @clock
SystemCallErrorNumber=EPERM`;
}

const engineLines = `# A container engine without a daemon joins the container's namespaces in our process: these stay open for it.
RestrictNamespaces=no
PrivateDevices=no
ProtectControlGroups=no`;
