import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Catalog } from "../catalog/catalog.ts";
import { openCatalog } from "../catalog/open-catalog.ts";
import type { ExamineWish } from "../cli/cli.ts";
import type { Config, ConfigLoader } from "../config/config.ts";
import { exitOfFindings, findingOf } from "../domain/doctor/finding.ts";
import { asFailure, Failure, type FailureReport, reportOf } from "../domain/failure.ts";
import { describeCount } from "../domain/plain-words.ts";
import { redact } from "../domain/secret.ts";
import { jobNamed } from "../operations/context.ts";
import { examine } from "../operations/doctor/doctor.ts";
import { lookAtConfig, lookAtTool } from "../operations/doctor/look-around.ts";
import { type DoctorScene, debianPaths } from "../operations/doctor/scene.ts";
import type { DoctorReport } from "../operations/operation.ts";
import type { Clock } from "../platform/clock.ts";
import { nodeVersion } from "../platform/host.ts";
import { readInstalledTimes } from "../scheduler/read-installed.ts";
import { ownAccount } from "./account.ts";
import { buildContext } from "./build-context.ts";
import { systemTimezone } from "./system-timezone.ts";
import { toolVersion } from "./version.ts";

/** What an examination is given from outside. */
export interface ExamineOutside {
  readonly loader: ConfigLoader;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** See Tool.examine: whatever cannot be opened is a finding, and the rest is looked at all the same. */
export async function examineHere(wish: ExamineWish, outside: ExamineOutside): Promise<DoctorReport> {
  const { path, config, failure } = await loadAnyway(outside.loader, wish.configPath);
  if (config === null) return examineNothing(path, failure);
  const { catalog, catalogFailure } = await openAnyway(config.statePath);
  try {
    const { clock, env } = outside;
    const whole = buildContext({ config, needs: wish.needs, clock, env, catalog, isImpatient: true });
    const jobs = wish.jobs.length === 0 ? whole.jobs : wish.jobs.map((name) => jobNamed(whole, name));
    const scene: DoctorScene = {
      ...sceneOf(config),
      context: { ...whole, jobs },
      allJobs: whole.jobs,
      config: { path, failure, counts: countsOf(config) },
      catalogFailure,
    };
    return hideSecrets(await examine(scene, wish).finally(whole.close), config);
  } finally {
    catalog.close();
  }
}

interface Loaded {
  readonly path: string;
  readonly config: Config | null;
  readonly failure: FailureReport | null;
}

/** Only secrets that cannot be opened leave a configuration that can be looked at. */
async function loadAnyway(loader: ConfigLoader, asked: string | null): Promise<Loaded> {
  let path = asked ?? "codex-backup.yaml";
  try {
    path = await loader.locate(asked);
    return { path, config: await loader.load(path, { secrets: "open" }), failure: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const config =
      error.code === "config.secret" ? await loader.load(path, { secrets: "destinations" }) : null;
    return { path, config, failure: reportOf(error) };
  }
}

async function examineNothing(path: string, failure: FailureReport | null): Promise<DoctorReport> {
  const found = [
    ...(await lookAtConfig({ config: { path, failure, counts: "" } })),
    ...lookAtTool(toolVersion(), nodeVersion()),
  ];
  return { findings: found.map(findingOf), exit: exitOfFindings(found) };
}

interface OpenedCatalog {
  readonly catalog: Catalog;
  readonly catalogFailure: FailureReport | null;
}

/** To look is not to make: a catalog that is not there stays so, and an empty one in memory stands in. */
async function openAnyway(statePath: string): Promise<OpenedCatalog> {
  const path = join(statePath, "catalog.db");
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return { catalog: openCatalog(":memory:"), catalogFailure: null };
  try {
    return { catalog: openCatalog(path), catalogFailure: null };
  } catch (error) {
    const failure = asFailure(error, "catalog.io", `Cannot open the catalog "${path}"`);
    return { catalog: openCatalog(":memory:"), catalogFailure: reportOf(failure) };
  }
}

function sceneOf(config: Config): Omit<DoctorScene, "context" | "allJobs" | "config" | "catalogFailure"> {
  const hostTimezone = systemTimezone();
  return {
    places: config.destinations.flatMap((one) => (one.kind === "local" ? [one] : [])),
    alerts: {
      channels: config.alerts?.channels.map(({ name }) => name) ?? [],
      isPinging: config.pings !== null,
    },
    hostTimezone,
    installedTimes: (job) => readInstalledTimes({ root: "/", hostTimezone, configPath: config.path }, job),
    user: ownAccount().name,
    nodeVersion: nodeVersion(),
    machine: debianPaths,
  };
}

function countsOf({ jobs, destinations }: Config): string {
  return `${describeCount(jobs.length, "job")}, ${describeCount(destinations.length, "destination")}`;
}

/** A script's last words may hold what it was given. */
function hideSecrets({ findings, exit }: DoctorReport, { secrets }: Config): DoctorReport {
  const hide = (text: string) => redact(text, secrets);
  return {
    exit,
    findings: findings.map((one) => ({
      ...one,
      message: hide(one.message),
      commands: one.commands.map(hide),
    })),
  };
}
