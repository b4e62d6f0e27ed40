import { judgeCoverage, judgeDatabase, judgeNoAccess } from "../../domain/doctor/checks/postgres.ts";
import { type Diagnosis, diagnose, shellWord } from "../../domain/doctor/finding.ts";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import type { Transport } from "../../domain/jobs/source.ts";
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
    const psql = psqlOf(job, name, seen.superuser);
    const common = { job: job.name, database: name, transport, psql, serverVersion: version, clientVersion };
    return judgeDatabase({ ...common, ...seen, isStandby: inRecovery });
  });
  if (databases.length === 0) found.push(diagnose("postgres.no-databases", job.name, noDatabases));
  return [...found, ...judgeCoverage(job.name, { onServer, covered: coveredBy(scene, job) })];
}

/** For a person. What is to be done needs a superuser; in a container no other name is at hand than the server's own. */
function psqlOf({ source }: PostgresJob, database: string, superuser: string | null): string {
  const { transport, host, port } = source;
  const user = superuser ?? source.user;
  const words = [
    ...(transport.kind === "container"
      ? far(transport)
      : transport.kind === "ssh"
        ? ["ssh", transport.host]
        : []),
    "psql",
    ...(host === null ? [] : ["-h", host]),
    ...(port === null ? [] : ["-p", String(port)]),
    ...(user === null || transport.kind !== "container" ? [] : ["-U", user]),
    ...["-d", database],
  ];
  return words.map(shellWord).join(" ");
}

function far({ engine, select }: Extract<Transport, { readonly kind: "container" }>): readonly string[] {
  if (select.by === "compose") return [engine, "compose", "-p", select.project, "exec", "-T", select.service];
  return [
    engine,
    "exec",
    ...(engine === "kubectl" ? [] : ["-i"]),
    select.name,
    ...(engine === "kubectl" ? ["--"] : []),
  ];
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
