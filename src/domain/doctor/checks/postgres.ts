import type { FailureReport } from "../../failure.ts";
import type { FailureCode } from "../../failure-table.ts";
import { describeAge, describeCount } from "../../plain-words.ts";
import type { CheckCode } from "../check-table.ts";
import { type Diagnosis, diagnose, shellWord } from "../finding.ts";

/** One database of a job, as its server shows it to the job's role. */
export interface DatabaseFacts {
  readonly job: string;
  readonly database: string;
  /** "container", "ssh" or "local". */
  readonly transport: string;
  /** How a person gets a psql there: "docker exec codex_postgres psql -U codex -d codexdb". */
  readonly psql: string;
  readonly serverVersion: string;
  readonly clientVersion: string;
  readonly isStandby: boolean;
  /** Rights that are missing, each with the statement that grants it as hint. */
  readonly denied: readonly FailureReport[];
  readonly missingLibraries: readonly MissingLibrary[];
  readonly statementTimeout: string | null;
  /** Server's clock minus ours. */
  readonly clockOffsetMs: number;
}

export interface MissingLibrary {
  /** As the server's catalog names it: $libdir/postgis-2.1. */
  readonly library: string;
  readonly example: string;
  readonly isNeededToRead: boolean;
}

const byFailure: Partial<Readonly<Record<FailureCode, CheckCode>>> = {
  "postgres.client-missing": "postgres.client-missing",
  "postgres.client-too-old": "postgres.client-too-old",
  "postgres.client-unfit": "postgres.client-unfit",
  "postgres.unreachable": "postgres.unreachable",
  "postgres.starting-up": "postgres.starting-up",
  "postgres.too-many-connections": "postgres.full",
  "postgres.login": "postgres.login",
  "postgres.database-missing": "postgres.database-missing",
  "postgres.no-databases": "postgres.no-databases",
  "postgres.pooler": "postgres.pooler",
  "postgres.transport": "postgres.transport",
  "postgres.permission": "postgres.permission",
  "postgres.row-security": "postgres.row-security",
  "postgres.container-engine": "container.engine",
  "postgres.container-missing": "container.missing",
  "postgres.container-stopped": "container.stopped",
  "postgres.container-ambiguous": "container.ambiguous",
};

/** Why a job cannot get to its server or database; the code tells the container from the server in it. */
export function judgeNoAccess(subject: string, failure: FailureReport, psql = "psql"): Diagnosis {
  const code = byFailure[failure.code] ?? "postgres.failed";
  const { message, hint } = failure;
  const commands = commandsIn(hint, psql);
  const isAllSaid = commands.length > 0 || hint === null;
  return diagnose(code, subject, { message: isAllSaid ? message : `${message}\n${hint}`, commands });
}

/** Hints of the postgres room end in what to type: "Start it: docker start x", or are statements of SQL. */
function commandsIn(hint: string | null, psql: string): readonly string[] {
  if (hint === null) return [];
  if (/^(GRANT|ALTER) /.test(hint)) return [`${psql} -c ${shellWord(hint)}`];
  const [, typed] = /: ((?:docker|podman|nerdctl|kubectl|GRANT) .*)$/.exec(hint) ?? [];
  if (typed !== undefined) return [typed];
  const [, quoted] = /"((?:docker|podman|nerdctl|kubectl) (?:ps|get pods))"/.exec(hint) ?? [];
  if (quoted !== undefined) return [quoted];
  const [, client] = /install (postgresql-client-\d+)/.exec(hint) ?? [];
  return client === undefined ? [] : [`apt-get install ${client}`];
}

/** Whether a database that let us in can be dumped whole. */
export function judgeDatabase(facts: DatabaseFacts): readonly Diagnosis[] {
  const subject = `${facts.job} (${facts.database})`;
  const found = [
    ...facts.denied.map((failure) => judgeNoAccess(subject, failure, facts.psql)),
    ...facts.missingLibraries.map((one) => libraryMissing(subject, one)),
    ...judgeServer(subject, facts),
  ];
  const isBlocked = found.some(({ severity }) => severity === "blocker");
  const seen = `server ${facts.serverVersion}, pg_dump ${facts.clientVersion}, everything may be read`;
  const well = isBlocked ? [] : [diagnose("postgres.ok", subject, seen)];
  const there =
    facts.transport === "container" ? [diagnose("container.ok", facts.job, "the container runs")] : [];
  return [...there, ...well, ...found];
}

function libraryMissing(subject: string, { library, example, isNeededToRead }: MissingLibrary): Diagnosis {
  const code = isNeededToRead ? "postgres.library-missing" : "postgres.function-library-missing";
  const message = `the server lacks the library "${library}", which ${example} needs; was its image or package upgraded?`;
  return diagnose(code, subject, message);
}

const toleranceMs = 30_000;

function judgeServer(subject: string, facts: DatabaseFacts): readonly Diagnosis[] {
  const { psql, isStandby, statementTimeout, clockOffsetMs } = facts;
  const standby = isStandby
    ? [
        diagnose("postgres.standby", subject, {
          message: "the server is a hot standby: it may cancel a long dump in favour of replication",
          commands: [`${psql} -c "ALTER SYSTEM SET hot_standby_feedback = on" -c "SELECT pg_reload_conf()"`],
        }),
      ]
    : [];
  const timeout =
    statementTimeout === null
      ? []
      : [
          diagnose(
            "postgres.timeout",
            subject,
            `the role has statement_timeout = ${statementTimeout}; our sessions lift it for themselves`,
          ),
        ];
  if (Math.abs(clockOffsetMs) <= toleranceMs) return [...standby, ...timeout];
  const side = clockOffsetMs > 0 ? "ahead of" : "behind";
  const message = `the server's clock is ${describeAge(Math.abs(clockOffsetMs))} ${side} this machine's`;
  return [
    ...standby,
    ...timeout,
    diagnose("postgres.clock", subject, { message, commands: ["timedatectl"] }),
  ];
}

/** Databases of a server that no job backs up: a new one is easily forgotten. */
export function judgeCoverage(
  job: string,
  /** In `covered`, "*" stands for every database. */
  facts: { readonly onServer: readonly string[]; readonly covered: readonly string[] },
): readonly Diagnosis[] {
  if (facts.covered.includes("*")) return [];
  const forgotten = facts.onServer.filter((name) => name !== "postgres" && !facts.covered.includes(name));
  if (forgotten.length === 0) return [];
  const names = forgotten.map((name) => `"${name}"`).join(", ");
  const message = `no job backs up ${describeCount(forgotten.length, "database")} of the server: ${names}; add it to a job, or set database: "*" with except`;
  return [diagnose("postgres.uncovered", job, message)];
}
