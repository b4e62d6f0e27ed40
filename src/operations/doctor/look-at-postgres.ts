import { judgeCoverage, judgeDatabase, judgeNoAccess } from "../../domain/checks/postgres.ts";
import { type Diagnosis, diagnose } from "../../domain/finding.ts";
import type { PostgresJob } from "../../domain/job.ts";
import type { DoctorScene } from "./scene.ts";
import type { Servers } from "./servers.ts";

/** The server of a job, and each of its databases: container, client, login, rights, libraries. */
export async function lookAtPostgres(
  scene: DoctorScene,
  job: PostgresJob,
  servers: Servers,
): Promise<readonly Diagnosis[]> {
  const { failure, facts, onServer, databases } = await servers.of(job);
  if (failure !== null) return [judgeNoAccess(job.name, failure)];
  const transport = job.source.transport.kind;
  const found = databases.flatMap(({ name, seen, failure: refused }) => {
    if (refused !== null) return [judgeNoAccess(`${job.name} (${name})`, refused)];
    if (seen === null || facts === null) return [];
    const { version, clientVersion, inRecovery } = facts;
    const common = { job: job.name, database: name, transport, serverVersion: version, clientVersion };
    return judgeDatabase({ ...common, ...seen, isStandby: inRecovery });
  });
  if (databases.length === 0) found.push(diagnose("postgres.no-databases", job.name, noDatabases));
  return [...found, ...judgeCoverage(job.name, { onServer, covered: coveredBy(scene, job) })];
}

const noDatabases =
  'database: "*" leaves no database after the exceptions: shorten except, or name the databases';

/** By all jobs that go to the same server; one with "*" covers what it does not leave out on purpose. */
function coveredBy({ allJobs }: DoctorScene, job: PostgresJob): readonly string[] {
  const place = placeOf(job);
  return allJobs.flatMap((other) => {
    if (other.kind !== "postgres" || placeOf(other) !== place) return [];
    const { databases } = other;
    return databases.kind === "named" ? databases.names : ["*", ...databases.except];
  });
}

function placeOf({ source }: PostgresJob): string {
  return JSON.stringify([source.transport, source.host, source.port]);
}
