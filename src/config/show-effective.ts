import { stringify } from "yaml";
import { formatListenAddress, type HttpSettings } from "../domain/access/http-settings.ts";
import { formatDuration } from "../domain/duration.ts";
import type {
  CapsuleJob,
  CommandJob,
  FileReference,
  Job,
  KeepPolicy,
  PostgresJob,
  ProofJob,
  VerifyJob,
} from "../domain/jobs/job.ts";
import type { JobHooks } from "../domain/jobs/job-hooks.ts";
import type { LogsSettings } from "../domain/jobs/logs-settings.ts";
import type { TelemetrySettings } from "../domain/jobs/telemetry-settings.ts";
import type { Secret } from "../domain/secret.ts";
import { formatSize } from "../domain/size.ts";
import type { Config } from "./config.ts";
import type { SecretSetting } from "./schema/secret.ts";
import { isSecretVariable } from "./secret-variable.ts";
import { alertsOf, pingOf, pingsOf, type ShowSecret } from "./show-alerts.ts";
import { destinationOf } from "./show-destination.ts";
import { proveOf } from "./show-prove.ts";
import { sourceOf } from "./show-source.ts";

/** Where each opened secret came from, so that the place can be shown instead of the value. */
export type SecretOrigins = WeakMap<Secret, SecretSetting>;

type Yaml = Readonly<Record<string, unknown>>;

const placeholder = "[secret]";

/** See ConfigLoader.showEffective. */
export function formatEffective(config: Config, origins: SecretOrigins): string {
  const show: ShowSecret = (secret) => secretOf(secret, origins);
  const isOwn = (secret: Secret) => origins.has(secret);
  const body = {
    version: 1,
    state: config.statePath,
    timezone: config.timezone,
    destinations: Object.fromEntries(
      config.destinations.map((one) => [one.name, destinationOf(one, show, keepOf)]),
    ),
    jobs: Object.fromEntries(
      config.jobs
        .filter(isWritten)
        .map((job) => [
          job.name,
          { ...jobOf(job, origins), ...pingOf(job.name, config.pings, { show, isOwn }) },
        ]),
    ),
    scheduler: {
      concurrency: config.scheduler.concurrency,
      drain: formatDuration(config.scheduler.drainMs),
    },
    ...(config.http && { http: httpOf(config.http) }),
    signing: { trusted: config.trustedKeys },
    ...(config.configCopy && { configCopy: config.configCopy }),
    ...verifyOf(config.reading),
    logs: logsOf(config.logs),
    ...(config.telemetry && { telemetry: telemetryOf(config.telemetry, show) }),
    ...(config.alerts && { alerts: alertsOf(config.alerts, show) }),
    ...(config.pings && { pings: pingsOf(config.pings, show) }),
  };
  return `# ${config.path}, with every default filled in\n${stringify(body, { lineWidth: 0 })}`;
}

function verifyOf({ withinMs, budgetBytes, schedule }: Config["reading"]): Yaml {
  if (withinMs === null) return {};
  const budget = budgetBytes === null ? null : `${formatSize(budgetBytes)}/day`;
  return { verify: defined({ schedule, budget, within: formatDuration(withinMs) }) };
}

function httpOf({ listen, tokenFile, allowedHosts, isMetricsOpen }: HttpSettings): Yaml {
  const address = formatListenAddress(listen);
  return defined({ listen: address, tokenFile, allowedHosts, metricsOpen: isMetricsOpen });
}

function logsOf({ maxAgeMs, maxBytes, file, fileBytes, files }: LogsSettings): Yaml {
  const own = { maxAge: formatDuration(maxAgeMs), size: formatSize(maxBytes) };
  return defined({ ...own, file, fileSize: formatSize(fileBytes), files });
}

function telemetryOf({ url, headers }: TelemetrySettings, show: (secret: Secret) => unknown): Yaml {
  return {
    otlp: { url, headers: Object.fromEntries(headers.map(({ name, value }) => [name, show(value)])) },
  };
}

/** Those that come from another job's `prove`, or from `verify`, are shown there. */
function isWritten(job: Job): job is Exclude<Job, ProofJob | VerifyJob> {
  return job.kind !== "proof" && job.kind !== "verify";
}

function jobOf(job: Exclude<Job, ProofJob | VerifyJob>, origins: SecretOrigins): Yaml {
  switch (job.kind) {
    case "postgres":
      return {
        ...basisOf(job),
        ...postgresOf(job, origins),
        ...backupOf(job),
        ...proveOf(job.prove, (secret) => secretOf(secret, origins)),
      };
    case "capsule":
      return {
        ...basisOf(job),
        capsule: { ...job.source },
        ...backupOf(job),
        ...proveOf(job.prove, (secret) => secretOf(secret, origins)),
      };
    case "checksums":
      return { ...basisOf(job), checksums: { destination: job.destination } };
    case "command":
      return { ...basisOf(job), command: commandOf(job) };
    default:
      return job satisfies never;
  }
}

function basisOf(job: Job): Yaml {
  return defined({
    schedule: job.schedule,
    timezone: job.timezone,
    timeout: limitOf(job.timeoutMs),
    maxAge: job.maxAgeMs === null ? null : formatDuration(job.maxAgeMs),
    grace: job.graceMs === null ? null : formatDuration(job.graceMs),
    catchUp: job.due.catchUp,
    blackout: job.due.blackout.length === 0 ? null : job.due.blackout.map(({ text }) => text),
    jitter: job.due.jitterMs === 0 ? null : formatDuration(job.due.jitterMs),
    hooks: job.hooks && hooksOf(job.hooks),
  });
}

function hooksOf({ timeoutMs, ...programs }: JobHooks): Yaml {
  return { ...programs, timeout: formatDuration(timeoutMs) };
}

function backupOf(job: PostgresJob | CapsuleJob): Yaml {
  return defined({
    to: job.to,
    name: job.nameTemplate,
    copies: { required: job.requiredCopies },
    spool: formatSize(job.spoolBytes),
    stall: limitOf(job.stallMs),
    keep: keepOf(job.keep),
    labels: job.labels,
    encrypt: job.encrypt && { recipients: job.encrypt.recipients },
    rto: job.rtoMs === null ? null : formatDuration(job.rtoMs),
    set: job.set,
  });
}

function keepOf({ sizeBytes, ...rules }: KeepPolicy): Yaml {
  return defined({ ...rules, size: sizeBytes === null ? null : formatSize(sizeBytes) });
}

function postgresOf(job: PostgresJob, origins: SecretOrigins): Yaml {
  const { source, databases } = job;
  return {
    postgres: defined({
      ...sourceOf(source, (secret) => secretOf(secret, origins)),
      ...databasesOf(databases),
      lockWait: formatDuration(job.lockWaitMs),
      onBlockedDdl: job.onBlockedDdl,
    }),
    format: job.format,
    compress: job.compress,
    fingerprint: job.fingerprint,
    ...(job.assertions.length > 0 && { assertions: job.assertions }),
    ...(job.references.length > 0 && { references: job.references.map(referenceOf) }),
  };
}

function referenceOf({ sql, root, timeoutMs }: FileReference): Yaml {
  return { sql, root, timeout: formatDuration(timeoutMs) };
}

function databasesOf(databases: PostgresJob["databases"]): Yaml {
  if (databases.kind === "all") return { database: "*", except: databases.except };
  return { database: databases.names.length === 1 ? databases.names[0] : databases.names };
}

function commandOf(job: CommandJob): Yaml {
  const shown = Object.entries(job.env).map(([name, value]) => [
    name,
    isSecretVariable(name) ? placeholder : value,
  ]);
  return defined({ argv: job.argv, cwd: job.cwd, env: Object.fromEntries(shown) });
}

function secretOf(secret: Secret, origins: SecretOrigins): unknown {
  const origin = origins.get(secret);
  return origin === undefined || typeof origin === "string" ? placeholder : origin;
}

function limitOf(limitMs: number | null): string {
  return limitMs === null ? "none" : formatDuration(limitMs);
}

/** Without what is not set: an absent key reads back as the same. */
function defined(values: Yaml): Yaml {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
  );
}
