import { dirname, resolve } from "node:path";
import { z } from "zod";
import { Failure } from "../domain/failure.ts";
import { withProofJobs } from "../domain/jobs/proof-job.ts";
import { withVerifyJob } from "../domain/jobs/verify-job.ts";
import { Secret } from "../domain/secret.ts";
import type { Clock } from "../platform/clock.ts";
import { buildAlerts } from "./build-alerts.ts";
import { buildConfigCopy } from "./build-config-copy.ts";
import { buildDestinations } from "./build-destination.ts";
import { buildHttp } from "./build-http.ts";
import { buildJob } from "./build-job.ts";
import { buildLogs } from "./build-logs.ts";
import { buildPings } from "./build-pings.ts";
import { openScratchPassword } from "./build-prove.ts";
import { secretOf } from "./build-source.ts";
import { buildTelemetry } from "./build-telemetry.ts";
import { buildVerify } from "./build-verify.ts";
import type { Config, ConfigLoader, LoadOptions } from "./config.ts";
import { type ConfigText, locateConfig, readCurrentText } from "./config-file.ts";
import { crossCheck } from "./cross-check.ts";
import { crossCheckDestinations } from "./cross-check-destinations.ts";
import { importCrontab } from "./import-crontab.ts";
import { writePreset } from "./preset.ts";
import { createProblemList, type Problem, type ProblemList } from "./problem.ts";
import { wholeDocument } from "./schema/document.ts";
import type { SecretContext } from "./secret-key.ts";
import { createSecretOpener } from "./secret-opener.ts";
import { isSecretVariable } from "./secret-variable.ts";
import { serverOfUrl } from "./server-of-url.ts";
import { readSettings, type Settings } from "./settings.ts";
import { formatEffective, type SecretOrigins } from "./show-effective.ts";
import { readYaml, type SyntaxProblem, type YamlTree } from "./yaml-tree.ts";

/** The parts of the process that a config may refer to. */
export interface LoaderParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
}

/** Reads nothing yet. It remembers where each secret came from, which is what is shown in its place. */
export function createConfigLoader(parts: LoaderParts): ConfigLoader {
  const origins: SecretOrigins = new WeakMap();
  return {
    locate: (asked) => locateConfig(asked, parts),
    load: async (path, options = {}) =>
      loadFrom(await readCurrentText(resolve(parts.cwd, path), parts), { parts, origins, options }),
    loadText: (text, path, options = {}) =>
      loadFrom({ path, directory: dirname(path), text, isPrivate: true }, { parts, origins, options }),
    serverOf: (url) => serverOfUrl(url, parts.env),
    showEffective: (config) => formatEffective(config, origins),
    schema: () => z.toJSONSchema(wholeDocument, { io: "input" }),
    preset: writePreset,
    importCrontab,
  };
}

interface Loading {
  readonly parts: LoaderParts;
  readonly origins: SecretOrigins;
  readonly options: LoadOptions;
}

/** text → tree → settings → secrets → jobs; each step reports, the end throws when anything was reported. */
async function loadFrom(file: ConfigText, loading: Loading): Promise<Config> {
  const { path } = file;
  const tree = readYaml(file.text);
  if (!("positionOf" in tree)) throw syntaxFailure(path, tree);
  const { settings, problems } = readSettings(tree.value);
  const list = createProblemList();
  for (const problem of problems) list.add(problem);
  const config = settings ? await build(settings, file, { ...loading, list }) : null;
  if (config === null || list.all.length > 0) throw problemFailure(path, tree, list.all);
  return config;
}

interface Building extends Loading {
  readonly list: ProblemList;
}

async function build(settings: Settings, file: ConfigText, building: Building): Promise<Config> {
  const { directory } = file;
  const report = building.list.add;
  const { parts, origins, options } = building;
  const secrets = options.secrets ?? "open";
  const opener = createSecretOpener({ ...parts, file, secrets, origins, report });
  const passwords = await openPasswords(settings, { directory, report, opener });
  const scratch = await openScratchPasswords(settings, { directory, report, opener });
  const destinations = await buildDestinations({ settings, directory, report, opener });
  const shared = { timezone: settings.timezone, directory, destinations, report };
  const jobs = [...settings.jobs].map(([name, job]) =>
    buildJob(job, {
      ...shared,
      name,
      password: passwords.get(name) ?? null,
      scratchPassword: scratch.get(name) ?? null,
    }),
  );
  crossCheck({ jobs, destinations, report });
  crossCheckDestinations({ jobs, destinations, report });
  const alerts = await buildAlerts(settings, { directory, report, opener });
  const pings = await buildPings(settings, { directory, report, opener });
  const reading = buildVerify(settings.verify, settings.timezone);
  const hidden = jobs.flatMap((job) => (job.kind === "command" ? secretVariables(job.env) : []));
  return {
    path: file.path,
    statePath: resolve(directory, settings.state),
    timezone: settings.timezone,
    destinations,
    jobs: withVerifyJob(withProofJobs(jobs), reading),
    reading,
    scheduler: { concurrency: settings.scheduler.concurrency, drainMs: settings.scheduler.drain },
    http: buildHttp(settings.http, { directory, report }),
    trustedKeys: settings.signing.trusted,
    configCopy: buildConfigCopy(settings.configCopy, { destinations, directory, report }),
    logs: buildLogs(settings.logs, directory),
    telemetry: await buildTelemetry(settings, { directory, report, opener }),
    alerts,
    pings,
    secrets: [...opener.opened, ...hidden],
  };
}

/** By the name of the job. What cannot be opened is reported. */
async function openPasswords(
  settings: Settings,
  { directory, report, opener }: SecretContext,
): Promise<ReadonlyMap<string, Secret>> {
  const passwords = new Map<string, Secret>();
  for (const [name, job] of settings.jobs) {
    if (job.kind !== "postgres") continue;
    const path = ["jobs", name, "postgres"];
    const found = secretOf(job.value.postgres, { path, directory, report });
    if (found !== null) passwords.set(name, await opener.open(found));
  }
  return passwords;
}

/** Of the servers that jobs are proven on, by the name of the job. */
async function openScratchPasswords(
  settings: Settings,
  context: SecretContext,
): Promise<ReadonlyMap<string, Secret>> {
  const passwords = new Map<string, Secret>();
  for (const [name, job] of settings.jobs) {
    if (job.kind !== "postgres" && job.kind !== "capsule") continue;
    const secret = await openScratchPassword(job.value.prove, name, context);
    if (secret !== null) passwords.set(name, secret);
  }
  return passwords;
}

/** Values that a command's environment most likely keeps secret: redacted in logs like the rest. */
function secretVariables(env: Readonly<Record<string, string>>): readonly Secret[] {
  return Object.entries(env).flatMap(([name, value]) => (isSecretVariable(name) ? [new Secret(value)] : []));
}

const hint = "Correct the file, then look at it again with codex-backup config check.";

function syntaxFailure(path: string, problems: readonly SyntaxProblem[]): Failure {
  const lines = problems.map(
    ({ position, message }) => `${path}:${position.line}:${position.column}: ${message}`,
  );
  return new Failure("config.syntax", messageFrom(lines), { hint });
}

function problemFailure(path: string, tree: YamlTree, problems: readonly Problem[]): Failure {
  const placed = problems.map((problem) => ({
    message: problem.message,
    ...tree.positionOf(problem.path, problem.at),
  }));
  const ordered = placed.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const lines = ordered.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`);
  const code = problems.every((problem) => problem.isSecret) ? "config.secret" : "config.invalid";
  return new Failure(code, messageFrom(lines), { hint, context: { problems: lines.length } });
}

function messageFrom(all: readonly string[]): string {
  const lines = [...new Set(all)];
  const count = lines.length === 1 ? "1 problem" : `${lines.length} problems`;
  return `Cannot use the config: ${count}\n${lines.join("\n")}`;
}
