import { resolve } from "node:path";
import type { CapsuleJob, ChecksumsJob, CommandJob, Job, PostgresJob } from "../domain/jobs/job.ts";
import type { Secret } from "../domain/secret.ts";
import { buildEncrypt } from "./build-encrypt.ts";
import { buildHooks } from "./build-hooks.ts";
import { buildKeep } from "./build-keep.ts";
import { buildProve } from "./build-prove.ts";
import { buildDatabases, buildSource } from "./build-source.ts";
import type { DestinationConfig } from "./destination-config.ts";
import type { Problem } from "./problem.ts";
import type {
  CapsuleJobSettings,
  ChecksumsJobSettings,
  CommandJobSettings,
  PostgresJobSettings,
} from "./schema/job.ts";
import type { JobSettings } from "./settings.ts";

export interface JobContext {
  readonly name: string;
  readonly timezone: string;
  /** Of the config file. */
  readonly directory: string;
  /** Of a postgres source; null when it has none. */
  readonly password: Secret | null;
  /** Of the server for its proofs; null when that has none. */
  readonly scratchPassword: Secret | null;
  /** Those that are valid. */
  readonly destinations: readonly DestinationConfig[];
  readonly report: (problem: Problem) => void;
}

/** A job with every default filled in. Problems are reported; the result is then of no use. */
export function buildJob(settings: JobSettings, context: JobContext): Job {
  switch (settings.kind) {
    case "postgres":
      return buildPostgresJob(settings.value, context);
    case "capsule":
      return buildCapsuleJob(settings.value, context);
    case "checksums":
      return buildChecksumsJob(settings.value, context);
    case "command":
      return buildCommandJob(settings.value, context);
    default:
      return settings satisfies never;
  }
}

function buildPostgresJob(settings: PostgresJobSettings, context: JobContext): PostgresJob {
  const { directory, report } = context;
  const sourceContext = { path: ["jobs", context.name, "postgres"], directory, report };
  return {
    kind: "postgres",
    ...basisOf(settings, context),
    ...backupBasisOf(settings, context),
    source: buildSource(settings.postgres, context.password, sourceContext),
    databases: buildDatabases(settings.postgres, sourceContext),
    format: settings.format,
    compress: settings.compress,
    fingerprint: settings.fingerprint,
    lockWaitMs: settings.postgres.lockWait,
    onBlockedDdl: settings.postgres.onBlockedDdl,
    assertions: settings.assertions,
    references: settings.references.map(({ sql, root, timeout }) => ({ sql, root, timeoutMs: timeout })),
  };
}

function buildCapsuleJob(settings: CapsuleJobSettings, context: JobContext): CapsuleJob {
  const { root, include, exclude } = settings.capsule;
  return {
    kind: "capsule",
    ...basisOf(settings, context),
    ...backupBasisOf(settings, context),
    source: { root: resolve(context.directory, root), include, exclude },
  };
}

function buildChecksumsJob(settings: ChecksumsJobSettings, context: JobContext): ChecksumsJob {
  return { kind: "checksums", ...basisOf(settings, context), destination: settings.checksums.destination };
}

function buildCommandJob(settings: CommandJobSettings, context: JobContext): CommandJob {
  const { argv, cwd, env } = settings.command;
  return {
    kind: "command",
    ...basisOf(settings, context),
    argv,
    cwd: cwd === undefined ? null : resolve(context.directory, cwd),
    env,
  };
}

type AnySettings = JobSettings["value"];

function basisOf(settings: AnySettings, context: JobContext) {
  return {
    name: context.name,
    schedule: settings.schedule ?? null,
    timezone: settings.timezone ?? context.timezone,
    timeoutMs: settings.timeout.limitMs,
    maxAgeMs: settings.maxAge ?? null,
    graceMs: settings.grace ?? null,
    due: { catchUp: settings.catchUp, blackout: settings.blackout, jitterMs: settings.jitter ?? 0 },
    ...buildHooks(settings.hooks, context.directory),
  };
}

function backupBasisOf(settings: PostgresJobSettings | CapsuleJobSettings, context: JobContext) {
  const { destinations, directory, report } = context;
  const to = typeof settings.to === "string" ? [settings.to] : settings.to;
  const used = to.flatMap((name) => destinations.filter((one) => one.name === name));
  const first = used.find((one) => one.kind === "local");
  const readInFull = to.length - used.filter(({ traits }) => traits.readBack !== "full").length;
  return {
    to,
    nameTemplate: settings.name,
    requiredCopies: settings.copies.required ?? Math.max(1, readInFull),
    spoolBytes: settings.spool,
    owner: first?.owner ?? null,
    fileMode: first?.fileMode ?? 0o600,
    keep: buildKeep(settings.keep),
    keepAt: Object.fromEntries(
      destinations.flatMap(({ name, keep }) => (keep === null ? [] : [[name, keep]])),
    ),
    labels: settings.labels,
    stallMs: settings.stall.limitMs,
    prove: buildProve(settings.prove, context),
    rtoMs: settings.rto ?? null,
    encrypt: buildEncrypt(settings.encrypt, { path: ["jobs", context.name, "encrypt"], directory, report }),
    set: settings.set ?? null,
  };
}
