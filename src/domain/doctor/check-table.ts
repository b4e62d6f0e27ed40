import type { Severity } from "./finding.ts";

/** What a finding's code means: the only place where its severity is decided. */
export interface CheckMeaning {
  readonly severity: Severity;
  /** Half a sentence for the reference: when it is found. */
  readonly means: string;
  /** Of an unknown one: tonight depends on it, so doctor does not end with 0. */
  readonly isNeeded?: true;
}

const blocker = (means: string) => ({ severity: "blocker", means }) as const;
const warning = (means: string) => ({ severity: "warning", means }) as const;
const note = (means: string) => ({ severity: "note", means }) as const;
const ok = (means: string) => ({ severity: "ok", means }) as const;
const unknown = (means: string) => ({ severity: "unknown", means }) as const;

/** Every code that doctor can say, `check.condition`. A test has a fixture for each; docs/reference/checks.md lists them. */
export const checkTable = {
  "config.ok": ok("the file can be read and used, its secrets too"),
  "config.missing": blocker("there is no configuration"),
  "config.invalid": blocker("it cannot be read or used; every mistake is told with its line"),
  "config.secret": blocker("a secret cannot be opened"),
  "config.readable": warning("every user of this machine can read it"),

  "state.ok": ok("it can be written, has room, and its catalog is sound"),
  "state.missing": note("the directory is not there yet; the first run makes it"),
  "state.not-writable": blocker("this user cannot write to it, or cannot make it"),
  "state.open": warning("other users of this machine can look into it"),
  "state.full": blocker("there is less room than a run's own records need"),
  "state.damaged": warning("the catalog is damaged; the next run makes a new one from the destinations"),
  "state.newer": blocker("the catalog was written by a newer codex-backup"),
  "state.unusable": blocker("the catalog cannot be opened"),
  "state.logs-large": warning("the run logs take more room than they should"),

  "destination.ok": ok("a probe could be written, read back and removed"),
  "destination.missing": blocker("there is no such directory"),
  "destination.not-mounted": blocker("the path belongs to a share of /etc/fstab that is not mounted"),
  "destination.not-marked": blocker("it lacks the sentinel"),
  "destination.foreign": blocker("its sentinel is not ours"),
  "destination.changed": blocker("another disk lies there than the one that has the backups"),
  "destination.not-writable": blocker("this user cannot write to it"),
  "destination.owner": blocker("files cannot be given to the owner of the configuration"),
  "destination.world-writable": blocker("every user of this machine may remove its files"),
  "destination.unreachable": blocker("it does not answer, or answers with an error"),
  "destination.denied": blocker("it refuses our credentials, or they could not be opened"),
  "destination.host-key": blocker("the server shows another key than the configuration names"),
  "destination.probe-failed": blocker("a probe came back different, or could not be put or removed"),
  "destination.open": warning("every user of this machine can look into it"),
  "destination.closed-to-owner": warning("the owner of its files cannot look into it"),
  "destination.readable-backups": warning("every user of this machine can read backups in it"),
  "destination.limited": note("its file system lacks something, for which there is another way"),
  "destination.hold-lost": warning("the mark of a held backup is gone from it"),

  "space.ok": ok("there is room for tonight's backups"),
  "space.short": blocker("there is less room than tonight's backups need"),
  "space.tight": warning("there is room for tonight, but not for two nights more"),
  "space.few-inodes": warning("few files more can be created there"),
  "space.same-disk": note("it lies on one disk with what it protects"),
  "space.unknown": unknown("the room there, or the size of tonight's backups, cannot be told"),

  "postgres.ok": ok("the login works, and everything may be read"),
  "postgres.client-missing": blocker("pg_dump or psql is not there"),
  "postgres.client-too-old": blocker("pg_dump is older than the server"),
  "postgres.client-unfit": blocker("the client program is known to make bad dumps"),
  "postgres.unreachable": blocker("no server answers"),
  "postgres.starting-up": warning("the server is starting; a run waits a little for it"),
  "postgres.full": blocker("the server has no free connection"),
  "postgres.login": blocker("the server refuses the login"),
  "postgres.database-missing": blocker("there is no such database"),
  "postgres.no-databases": blocker("no database is left after the exceptions"),
  "postgres.pooler": blocker("a connection pooler answers instead of the server"),
  "postgres.transport": blocker("ssh or the like does not get there"),
  "postgres.permission": blocker("the role may not read all tables, sequences and large objects"),
  "postgres.row-security": blocker("row security would hide rows from the role"),
  "postgres.library-missing": blocker(
    "the library of a data type is gone, so that its values cannot be read",
  ),
  "postgres.function-library-missing": warning("the library of a function is gone; a restore would need it"),
  "postgres.standby": warning("the server is a hot standby, which may cancel the dump"),
  "postgres.clock": warning("the server's clock and this machine's differ"),
  "postgres.uncovered": warning("the server has databases that no job covers"),
  "postgres.timeout": note("the role has a statement_timeout; our sessions lift it"),
  "postgres.failed": blocker("the server could not be asked, for another reason"),

  "container.ok": ok("it runs"),
  "container.engine": blocker("docker, podman or the like is missing or does not answer this user"),
  "container.missing": blocker("there is no such container"),
  "container.stopped": blocker("the container is there and does not run"),
  "container.ambiguous": blocker("several containers fit"),

  "capsule.ok": ok("the tree can be read"),
  "capsule.root-missing": blocker("the directory is not there"),
  "capsule.root-unreadable": blocker("this user cannot read the directory"),
  "capsule.empty": blocker("nothing in it fits the job"),
  "capsule.unreadable-files": warning("some files cannot be read, so that the capsule will be incomplete"),
  "capsule.failed": blocker("the tree could not be walked, for another reason"),

  "command.ok": ok("its program and its script are there"),
  "command.program-missing": blocker("the program is not found in the PATH that the job will have"),
  "command.not-executable": blocker("the program cannot be executed by this user"),
  "command.cwd-missing": blocker("its working directory is not there or closed to this user"),
  "command.script-missing": blocker("the script that it is given is not there or not readable"),
  "command.interpreter-missing": blocker("the interpreter in its first line (#!) is not there"),
  "command.syntax": blocker("the script has a syntax error"),
  "command.module-missing": warning("a Python package that the script imports is not installed"),
  "command.ran": ok("doctor --run ran it, and it ended well"),
  "command.failed": blocker("doctor --run ran it, and it failed"),

  "encryption.ok": ok("the secret keys are held outside of this machine"),
  "encryption.not-exported": blocker(
    "nobody is known to hold a recipient's secret key, so that runs of the job refuse",
  ),
  "encryption.only-seen": warning(
    "that somebody holds a secret key is only known from earlier backups: this machine's own memory was lost",
  ),
  "encryption.key-here": warning("a secret key lies on this machine, which can then read its own backups"),
  "encryption.identity-here": note("proofs decrypt with a key that lies on this machine"),
  "encryption.identity-missing": warning("proofs that the job makes by itself have no key, and will fail"),
  "encryption.identity-unusable": warning("the key for proofs cannot be used, or opens none of the backups"),

  "hooks.ok": ok("the programs of a job's hooks can be started, and nobody else may change them"),
  "hooks.before-missing": blocker("the program of a hook `before` is not there or not executable"),
  "hooks.program-missing": warning(
    "the program of a hook `after` or `failed` is not there or not executable",
  ),
  "hooks.world-writable": warning("every user of this machine may change the program of a hook"),

  "keys.ok": ok("backups are signed, and the key was exported"),
  "keys.none": warning("there is no signing key, so backups are not signed"),
  "keys.not-exported": warning("nothing here tells that the signing key was exported"),
  "keys.open": warning("other users of this machine may read the signing key, so it is not used"),
  "keys.unusable": warning("the signing key is damaged or cannot be read, so backups will not be signed"),

  "schedule.ok": ok("somebody will start the jobs tonight"),
  "schedule.nobody": blocker("jobs have a schedule, and nothing starts them"),
  "schedule.unseen": {
    ...unknown("this is inside of a container, and whoever starts the jobs from outside cannot be seen"),
    isNeeded: true,
  },
  "schedule.cron-dead": blocker("the cron file is there, and cron does not run"),
  "schedule.unit-name": blocker("cron ignores a file of this name"),
  "schedule.unit-mode": blocker("others may write the cron file: cron ignores it"),
  "schedule.unit-owner": blocker("the cron file is not root's: cron ignores it"),
  "schedule.unit-end": blocker("the cron file does not end in a line end: cron ignores it"),
  "schedule.unit-carriage-return": blocker("the cron file's lines end as those of Windows do"),
  "schedule.unit-percent": blocker("a line has a %, which cron turns into a line end"),
  "schedule.unit-line": blocker("a line cannot be read, so that cron ignores the file"),
  "schedule.unit-user": blocker("a line's user does not exist"),
  "schedule.unit-program": blocker("a line's program, or the file's SHELL, is not there or not executable"),
  "schedule.unit-path": blocker("the PATH of the cron file lacks a program that a job needs"),
  "schedule.unit-config": note(
    "a line uses another configuration than this one, and starts none of its jobs",
  ),
  "schedule.not-started": blocker("this job has a schedule, and none of the lines or timers starts it"),
  "schedule.differs": warning("a line's time differs from the configuration; the line wins"),
  "schedule.timer-inactive": blocker("a systemd timer is not enabled or not active"),
  "schedule.two": warning("two schedulers, or two lines, would start the same job"),
  "schedule.log": note("what cron last wrote in the log about us"),
  "schedule.log-unknown": unknown("cron's log cannot be read"),
  "schedule.program-fails": blocker("what cron would start does not start"),
  "schedule.as-cron": note("the environment that this was looked at with"),

  "clock.ok": ok("the clock is synchronised, and no backup is from the future"),
  "clock.unsynchronised": warning("the clock is not synchronised"),
  "clock.unknown": unknown("whether the clock is synchronised cannot be told"),
  "clock.went-back": warning("a run is dated in the future: the clock is wrong, or was"),
  "clock.no-zone": blocker("a zone of the configuration is unknown on this machine"),

  "history.ok": ok("the last run did what it should"),
  "history.none": note("it has not run yet"),
  "history.failed": warning("the last run failed, and why"),
  "history.incomplete": warning("the last run was incomplete, and what is missing"),
  "history.stale": warning("there is no new enough backup"),
  "history.damaged": warning("a check or a proof has found a copy of a backup damaged"),
  "history.gone": warning("a backup or a receipt of a proof is gone, and no policy removed it"),
  "history.not-pruned": warning("pruning is refused or fails, so that nothing old goes any more"),

  "history.unread": warning("a copy was not read again in the time that verify.within promises"),

  "copies.ok": ok("the newest backup keeps the 3-2-1-1-0 rule"),
  "copies.rule": note("what the newest backup has of the 3-2-1-1-0 rule, and what it lacks"),

  "copies.unknown": warning("backups lie at a destination that the catalog does not know there"),
  "copies.orphaned": note("files of backups without a manifest lie at a destination"),
  "copies.over-retained": note("a storage keeps copies that policy is done with"),

  "proof.ok": ok("proofs can be made"),
  "proof.no-server": blocker("there is nothing to restore a dump into, so that tonight's proof fails"),
  "proof.space": blocker("there is less room than a proof needs"),
  "proof.missed": warning("a proof was due and none was made that succeeded"),
  "proof.mismatch": warning("the last proof found other content than was backed up"),
  "proof.rto": warning("a restore takes longer than the job's rto, or nearly"),
  "proof.unmeasured": note("the job has an rto, and no restore was measured yet"),
  "proof.failed": warning("a proof by hand failed, and none has succeeded since"),
  "proof.nothing": note("the newest backup holds nothing that a proof could compare"),
  "proof.suspect": warning("the newest backup is suspect, and nothing is pruned until that is settled"),
  "proof.key": warning("no proof of late has used the key that was put away"),

  "lock.ok": ok("nobody holds it"),
  "lock.held": note("a run is going on"),
  "lock.stuck": warning("a run has been going on for so long that tonight's may find the job busy"),

  "alerts.ok": ok("somebody outside of this machine is told"),
  "alerts.nobody": warning("nobody outside is told when a run fails or this machine dies"),
  "alerts.no-watcher": warning("messages are sent, but nobody notices when this machine falls silent"),
  "alerts.nobody-looks": warning(
    "neither watch nor serve has looked for a day, so that stale jobs are told to nobody",
  ),
  "alerts.undelivered": warning("messages wait that could not be delivered"),

  "tool.ok": ok("the program and its Node fit"),
  "tool.old-node": blocker("this Node is too old"),

  "doctor.not-done": { ...unknown("a check broke off with an error"), isNeeded: true },
  "doctor.timed-out": { ...unknown("a check did not end within its time"), isNeeded: true },
} as const satisfies Record<string, CheckMeaning>;

export type CheckCode = keyof typeof checkTable;
