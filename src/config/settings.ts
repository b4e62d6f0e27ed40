import { nearest } from "../domain/nearest.ts";
import { createProblemList, type Path, type Problem, unknownKey, unknownName } from "./problem.ts";
import type { AlertsKeys } from "./schema/alerts.ts";
import type { ConfigCopyWritten } from "./schema/config-copy.ts";
import { type DestinationSettings, destination } from "./schema/destination.ts";
import { frame } from "./schema/document.ts";
import type { HttpSettings } from "./schema/http.ts";
import {
  type CapsuleJobSettings,
  type ChecksumsJobSettings,
  type CommandJobSettings,
  type JobKind,
  jobKinds,
  type PostgresJobSettings,
} from "./schema/job.ts";
import type { LogsWritten } from "./schema/logs.ts";
import type { PingsKeys } from "./schema/pings.ts";
import { nameRule, nameRuleText } from "./schema/scalar.ts";
import type { SchedulerSettings } from "./schema/scheduler.ts";
import type { SigningSettings } from "./schema/signing.ts";
import type { TelemetryWritten } from "./schema/telemetry.ts";
import type { VerifyWritten } from "./schema/verify.ts";
import { isRecord, withoutUnavailable } from "./unavailable.ts";
import { type Checked, check } from "./zod-problem.ts";

export type JobSettings =
  | { readonly kind: "postgres"; readonly value: PostgresJobSettings }
  | { readonly kind: "capsule"; readonly value: CapsuleJobSettings }
  | { readonly kind: "checksums"; readonly value: ChecksumsJobSettings }
  | { readonly kind: "command"; readonly value: CommandJobSettings };

/** The file's values with every default that does not depend on another value; only those that are valid. */
export interface Settings {
  readonly state: string;
  readonly timezone: string;
  readonly destinations: ReadonlyMap<string, DestinationSettings>;
  readonly jobs: ReadonlyMap<string, JobSettings>;
  /** Null: no server. */
  readonly scheduler: SchedulerSettings;
  readonly http: HttpSettings | null;
  readonly signing: SigningSettings;
  /** Null: the file is kept nowhere else. */
  readonly configCopy: ConfigCopyWritten | null;
  readonly logs: LogsWritten;
  /** Null: no traces. */
  readonly telemetry: TelemetryWritten | null;
  /** Null: nothing is said of reading copies again. */
  readonly verify: VerifyWritten | null;
  /** Null: nobody is told. */
  readonly alerts: AlertsKeys | null;
  /** Null: none but those that jobs name. */
  readonly pings: PingsKeys | null;
  /** Of all jobs, those with faults too. */
  readonly jobNames: readonly string[];
}

export interface ReadSettings {
  /** Null when not even the frame can be used. */
  readonly settings: Settings | null;
  readonly problems: readonly Problem[];
}

/** Checks the file's value key by key; a fault in one place does not hide those of the others. */
export function readSettings(value: unknown): ReadSettings {
  if (!isRecord(value)) return { settings: null, problems: [noMap(value)] };
  const problems = createProblemList();
  const available = withoutUnavailable(value);
  for (const problem of available.problems) problems.add(problem);
  const whole = isRecord(available.value) ? available.value : {};
  const outer = keep(check(frame, whole, []), problems.add);
  const groups = { destinations: groupOf(whole, "destinations"), jobs: groupOf(whole, "jobs") };
  const refused = available.problems.map((problem) => problem.path.slice(0, 2).join("."));
  const refuses = (name: string) => refused.includes(`destinations.${name}`);
  const destinations = readDestinations(groups.destinations, { refuses, report: problems.add });
  const names = groups.destinations.map(([known]) => known);
  const jobs = readJobs(groups.jobs, { names, report: problems.add });
  // A host that only watches what another one writes has nobody's jobs, but somebody to tell.
  const isForRestores = destinations.size > 0 && [...destinations.values()].every(({ readOnly }) => readOnly);
  if (outer && groups.jobs.length === 0 && !isRecord(whole.alerts) && !isForRestores) problems.add(noJobs);
  const {
    state = "",
    timezone = "UTC",
    scheduler = noScheduler,
    http = null,
    signing = { trusted: [] },
    configCopy = null,
    logs = noLogs,
    telemetry = null,
    verify = null,
    alerts = null,
    pings = null,
  } = outer ?? {};
  const jobNames = groups.jobs.map(([name]) => name);
  return {
    settings: {
      state,
      timezone,
      scheduler,
      destinations,
      jobs,
      http,
      signing,
      configCopy,
      logs,
      telemetry,
      verify,
      alerts,
      pings,
      jobNames,
    },
    problems: problems.all,
  };
}

type Group = ReturnType<typeof groupOf>;

/** Those that are valid. `refuses`: what is told already. */
function readDestinations(
  group: Group,
  { refuses, report }: { readonly refuses: (name: string) => boolean; readonly report: Report },
): ReadonlyMap<string, DestinationSettings> {
  const destinations = new Map<string, DestinationSettings>();
  for (const [name, inner] of group) {
    checkName(["destinations", name], report);
    if (refuses(name)) continue;
    const settings = keep(check(destination, inner, ["destinations", name]), report);
    if (settings) destinations.set(name, settings);
  }
  return destinations;
}

/** Those that are valid. `names`: of all destinations. */
function readJobs(
  group: Group,
  { names, report }: { readonly names: readonly string[]; readonly report: Report },
): ReadonlyMap<string, JobSettings> {
  const jobs = new Map<string, JobSettings>();
  for (const [name, inner] of group) {
    checkName(["jobs", name], report);
    checkDestinationNames(inner, ["jobs", name], { names, report });
    const settings = readJob(inner, ["jobs", name], report);
    if (settings) jobs.set(name, settings);
  }
  return jobs;
}

/** Only for a frame that was refused. */
const noScheduler: SchedulerSettings = { concurrency: 1, drain: 0 };
const noLogs: LogsWritten = { maxAge: 0, size: 0, fileSize: 0, files: 1 };

const noJobs: Problem = {
  path: ["jobs"],
  at: "key",
  message:
    "jobs is empty; needed: at least one job, or alerts where only another host's backups are watched, or readOnly at every destination",
};

function groupOf(
  whole: Readonly<Record<string, unknown>>,
  key: string,
): readonly (readonly [string, unknown])[] {
  const group = whole[key];
  return isRecord(group) ? Object.entries(group) : [];
}

type Report = (problem: Problem) => void;

function keep<Value>(checked: Checked<Value>, report: Report): Value | null {
  if (checked.kind === "valid") return checked.value;
  for (const problem of checked.problems) report(problem);
  return null;
}

function checkName(path: Path, report: Report): void {
  const name = String(path.at(-1));
  if (!nameRule.test(name))
    report({ path, at: "key", message: `${path[0]} has the name "${name}"; allowed: ${nameRuleText}` });
}

/** Looked at before the schema is, so that another fault of the job does not hide it. */
function checkDestinationNames(
  job: unknown,
  path: Path,
  known: { readonly names: readonly string[]; readonly report: Report },
): void {
  if (!isRecord(job)) return;
  const list = Array.isArray(job.to)
    ? job.to.map((name, index) => ({ name, path: [...path, "to", index] }))
    : [];
  const single = { name: job.to, path: [...path, "to"] };
  const checked = isRecord(job.checksums)
    ? [{ name: job.checksums.destination, path: [...path, "checksums", "destination"] }]
    : [];
  for (const { name, path: place } of [...list, single, ...checked]) {
    if (typeof name !== "string" || name === "" || known.names.includes(name)) continue;
    known.report(unknownName(place, name, { kind: "destination", names: known.names }));
  }
}

function readJob(value: unknown, path: Path, report: Report): JobSettings | null {
  const kind = kindOf(value, path, report);
  if (kind === null) return null;
  switch (kind) {
    case "postgres":
      return withKind(kind, keep(check(jobKinds.postgres, value, path), report));
    case "capsule":
      return withKind(kind, keep(check(jobKinds.capsule, value, path), report));
    case "checksums":
      return withKind(kind, keep(check(jobKinds.checksums, value, path), report));
    case "command":
      return withKind(kind, keep(check(jobKinds.command, value, path), report));
    default:
      return kind satisfies never;
  }
}

function withKind<Kind extends JobKind, Value>(kind: Kind, value: Value | null) {
  return value === null ? null : { kind, value };
}

/** The one key that says what the job is; reports and returns null when there is none or several. */
function kindOf(value: unknown, path: Path, report: Report): JobKind | null {
  const kinds = Object.keys(jobKinds) as readonly JobKind[]; // proven: JobKind is keyof typeof jobKinds
  const keys = isRecord(value) ? Object.keys(value) : [];
  const [kind, ...others] = kinds.filter((name) => keys.includes(name));
  if (kind && others.length === 0) return kind;
  const typo = kind ? undefined : keys.find((key) => nearest(key, kinds) !== null);
  if (typo !== undefined) report(unknownKey(path, typo, kinds));
  else {
    const found = kind ? `both ${[kind, ...others].join(" and ")}` : "no kind";
    report({
      path,
      at: "key",
      message: `${path.join(".")} has ${found}; needed: exactly one of ${kinds.join(", ")}`,
    });
  }
  return null;
}

function noMap(value: unknown): Problem {
  const found = value === null ? "is empty" : "is not a group of keys";
  return { path: [], at: "value", message: `the file ${found}; needed: version, destinations, jobs` };
}
