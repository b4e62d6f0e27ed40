import type { FailureReport } from "../../failure.ts";
import type { FileOwner } from "../../jobs/job.ts";
import { describeCount } from "../../plain-words.ts";
import type { CheckCode } from "../check-table.ts";
import { type Diagnosis, diagnose, octal, shellWord } from "../finding.ts";

export interface DestinationLook {
  readonly name: string;
  readonly path: string;
  readonly user: string;
  /** What the configuration wants. */
  readonly owner: FileOwner | null;
  readonly directoryMode: number;
  readonly fileMode: number;
  /** Null: there is no such directory. */
  readonly mode: number | null;
  /** Who it belongs to now. */
  readonly ownedBy: string | null;
  /** Why a run could not use it now; null when it could. */
  readonly failure: FailureReport | null;
  /** The mount point in /etc/fstab that it lies under and that is not mounted. */
  readonly unmounted: string | null;
  /** Nothing in it, or nothing that is not ours. */
  readonly isEmptyOrOurs: boolean;
  /** The sentinel now, and those that its backups were made under. */
  readonly id: string | null;
  /** What the storage itself says of its limits. */
  readonly warnings: readonly string[];
  readonly knownIds: readonly string[];
  /** What became of the probe; null when it was not tried. */
  readonly probe: { readonly isEqual: boolean; readonly failure: FailureReport | null } | null;
  /** Backups in it that every user can read: names. */
  readonly readable: readonly string[];
  /** Held backups whose mark is gone from it. */
  readonly holdsLost: readonly string[];
}

/** Whether tonight's backups can be kept there, and who could take them. */
export function judgeDestination(facts: DestinationLook): readonly Diagnosis[] {
  const broken = judgeUse(facts) ?? judgeProbe(facts);
  const remarks = facts.warnings.map((warning) => diagnose("destination.limited", facts.name, warning));
  const careless = [
    ...remarks,
    ...judgeOpen(facts),
    ...judgeOwner(facts),
    ...judgeReadable(facts),
    ...judgeHolds(facts),
  ];
  if (broken !== null) return [broken, ...careless];
  return [
    diagnose("destination.ok", facts.name, `${facts.path} takes, gives back and removes a probe`),
    ...careless,
  ];
}

/** In the words of the destination itself, with what mends it here. */
function judgeUse(facts: DestinationLook): Diagnosis | null {
  const { name, path, failure, unmounted } = facts;
  if (unmounted !== null) {
    return diagnose("destination.not-mounted", name, {
      message: `${path} belongs to ${unmounted}, which /etc/fstab lists and which is not mounted`,
      commands: [`mount ${shellWord(unmounted)}`],
    });
  }
  if (failure === null) return judgeDisk(facts);
  switch (failure.code) {
    case "destination.missing":
      return missing(facts, failure.message);
    case "destination.sentinel-missing":
      return notMarked(facts, failure.message);
    case "destination.not-writable":
      return notWritable(facts, failure.message);
    case "destination.world-writable":
      return told("destination.world-writable", facts, [
        `chmod ${octal(facts.directoryMode)} ${shellWord(path)}`,
      ]);
    case "destination.sentinel-foreign":
      return told("destination.foreign", facts, [`cat ${shellWord(`${path}/.codex-backup`)}`]);
    case "destination.owner":
      return told("destination.owner", facts, [`id ${shellWord(facts.owner?.user ?? facts.user)}`]);
    default:
      return told("destination.unreachable", facts, [`findmnt --target ${shellWord(path)}`]);
  }
}

function told(code: CheckCode, { name, failure }: DestinationLook, commands: readonly string[]): Diagnosis {
  const lines = [failure?.message, failure?.hint].filter((line) => typeof line === "string");
  return diagnose(code, name, { message: lines.join("\n"), commands });
}

/** Where backups were kept before, the disk is what is missing: an empty directory in its place would hide that. */
function missing(facts: DestinationLook, message: string): Diagnosis {
  const { name, path, owner, directoryMode, user, knownIds } = facts;
  if (knownIds.length > 0) {
    return diagnose("destination.missing", name, {
      message: `${message}; its backups lie on a disk that is not there`,
      commands: [`findmnt --target ${shellWord(path)}`, "lsblk"],
    });
  }
  return diagnose("destination.missing", name, {
    message,
    commands: [
      `install -d -o ${shellWord(owner?.user ?? user)}${groupOf(owner)} -m ${octal(directoryMode)} ${shellWord(path)}`,
      initCommand(name),
    ],
    remedy: { kind: "initialise", destination: name },
  });
}

function groupOf(owner: FileOwner | null): string {
  return owner === null || owner.group === null ? "" : ` -g ${shellWord(owner.group)}`;
}

/** Only a directory that cannot be the empty place of a share, and holds nothing of others, is marked without a person. */
function notMarked(facts: DestinationLook, message: string): Diagnosis {
  const { name, path, isEmptyOrOurs, knownIds } = facts;
  if (knownIds.length > 0) {
    const commands = [`findmnt --target ${shellWord(path)}`];
    return diagnose("destination.not-marked", name, {
      message: `${message}; it was marked before`,
      commands,
    });
  }
  const commands = [initCommand(name)];
  const said = isEmptyOrOurs ? message : `${message}; it holds files of others`;
  if (!isEmptyOrOurs) return diagnose("destination.not-marked", name, { message: said, commands });
  const remedy = { kind: "initialise", destination: name } as const;
  return diagnose("destination.not-marked", name, { message: said, commands, remedy });
}

function notWritable(facts: DestinationLook, seen: string): Diagnosis {
  const { name, path, user, ownedBy, mode, owner } = facts;
  const now = mode === null ? "" : `; it belongs to "${ownedBy}", mode ${octal(mode)}`;
  const wanted = owner === null ? user : [owner.user, owner.group].filter((one) => one !== null).join(":");
  return diagnose("destination.not-writable", name, {
    message: `${seen}; this runs as "${user}"${now}`,
    commands: [`chown -R ${shellWord(wanted)} ${shellWord(path)}`],
  });
}

function initCommand(name: string): string {
  return `codex-backup destination init ${shellWord(name)}`;
}

function judgeDisk({ name, path, id, knownIds }: DestinationLook): Diagnosis | null {
  if (id === null || knownIds.length === 0 || knownIds.includes(id)) return null;
  return diagnose("destination.changed", name, {
    message: `${path} now has the sentinel ${id}, and its backups lie at ${knownIds.join(", ")}`,
    commands: [`findmnt --target ${shellWord(path)}`, "codex-backup catalog rebuild"],
  });
}

function judgeProbe({ name, path, probe }: DestinationLook): Diagnosis | null {
  if (probe === null || (probe.failure === null && probe.isEqual)) return null;
  const seen = probe.failure?.message ?? `a probe in ${path} came back with other bytes than were written`;
  return diagnose("destination.probe-failed", name, {
    message: seen,
    commands: [`ls -la ${shellWord(path)}`],
  });
}

function judgeOpen({ name, path, mode, directoryMode }: DestinationLook): readonly Diagnosis[] {
  if (mode === null || (mode & 0o007) === 0 || (mode & 0o1002) === 0o002) return [];
  return [
    diagnose("destination.open", name, {
      message: `every user of this machine can look into ${path} (mode ${octal(mode)})`,
      commands: [`chmod ${octal(directoryMode)} ${shellWord(path)}`],
    }),
  ];
}

/** A group that may enter is taken to hold the owner. */
function judgeOwner({ name, path, owner, ownedBy, mode }: DestinationLook): readonly Diagnosis[] {
  if (owner === null || mode === null || ownedBy === owner.user || (mode & 0o055) !== 0) return [];
  const wanted = [owner.user, owner.group].filter((one) => one !== null).join(":");
  return [
    diagnose("destination.closed-to-owner", name, {
      message: `"${owner.user}", to whom the backups are given, cannot look into ${path}: it belongs to "${ownedBy}", mode ${octal(mode)}`,
      commands: [`chown ${shellWord(wanted)} ${shellWord(path)}`],
    }),
  ];
}

function judgeReadable({ name, path, readable, fileMode }: DestinationLook): readonly Diagnosis[] {
  const [first] = readable;
  if (first === undefined) return [];
  const paths = readable.map((file) => `${path}/${file}`);
  const command = `chmod o-rwx ${paths.slice(0, 20).map(shellWord).join(" ")}`;
  return [
    diagnose("destination.readable-backups", name, {
      message: `every user can read ${describeCount(readable.length, "backup")} in ${path}, such as "${first}"`,
      commands: [
        paths.length > 20
          ? `find ${shellWord(path)} -maxdepth 1 -type f -perm /o+rwx -exec chmod o-rwx {} +`
          : command,
      ],
      remedy: { kind: "set-modes", paths, mode: fileMode },
    }),
  ];
}

/** Held backups that a rebuilt catalog would not know as held. */
export function judgeHolds({
  name,
  holdsLost,
}: Pick<DestinationLook, "name" | "holdsLost">): readonly Diagnosis[] {
  return holdsLost.map((backup) =>
    diagnose("destination.hold-lost", name, {
      message: `"${backup}" is held, and its .hold file is gone from ${name}: a rebuilt catalog would let it be pruned`,
      commands: [`codex-backup hold ${shellWord(backup)} --why "held before"`],
    }),
  );
}
