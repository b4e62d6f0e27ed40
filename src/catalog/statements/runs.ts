import type { SQLInputValue } from "node:sqlite";
import { readFailureReport } from "../../domain/failure.ts";
import type { Outcome } from "../../domain/outcome.ts";
import type { Catalog, RunFilter, RunRow } from "../catalog.ts";
import type { Connection, Parameters } from "../connection.ts";
import type { Row } from "../row.ts";

const insert = `
  INSERT INTO runs (run_id, job, database, slot_ms, started_ms, finished_ms, outcome, backup_id, failure,
    warnings, summary, pid, boot_id, host)
  VALUES ($runId, $job, $database, $slot, $startedAt, $finishedAt, $outcome, $backupId, $failure,
    $warnings, $summary, $pid, $bootId, $host)`;

// Inserts too: a rebuild in the middle of a run must not cost its outcome.
const update = `${insert}
  ON CONFLICT (run_id) DO UPDATE SET job = excluded.job, database = excluded.database,
    slot_ms = excluded.slot_ms, started_ms = excluded.started_ms, finished_ms = excluded.finished_ms,
    outcome = excluded.outcome, backup_id = excluded.backup_id, failure = excluded.failure,
    warnings = excluded.warnings, summary = excluded.summary, pid = excluded.pid,
    boot_id = excluded.boot_id, host = excluded.host`;

const selectOne = "SELECT * FROM runs WHERE run_id = $runId";

// By the order of starting: after the clock was wrong for a night, its runs must not stay the newest for ever.
const select = (condition: string) => `SELECT * FROM runs WHERE ${condition} ORDER BY seq DESC LIMIT $limit`;

type RunMembers = Pick<Catalog, "startRun" | "updateRun" | "run" | "runs">;

export function runStatements(connection: Connection): RunMembers {
  return {
    startRun: (run) => connection.change(insert, parametersOf(run)),
    updateRun: (run) => connection.change(update, parametersOf(run)),
    run: (runId) => connection.first(selectOne, { runId }, readRun),
    runs: (filter = {}) => {
      const { condition, parameters } = conditionOf(filter);
      return connection.list(select(condition), { ...parameters, limit: filter.limit ?? -1 }, readRun);
    },
  };
}

function conditionOf(filter: RunFilter): { readonly condition: string; readonly parameters: Parameters } {
  const parameters: Record<string, SQLInputValue> = {};
  const conditions = ["true"];
  if (filter.job !== undefined) {
    conditions.push("job = $job");
    parameters.job = filter.job;
  }
  if (filter.database !== undefined) {
    conditions.push("database IS $database");
    parameters.database = filter.database;
  }
  if (filter.unfinishedOnly) conditions.push("finished_ms IS NULL");
  if (filter.before !== undefined) {
    conditions.push("seq < (SELECT seq FROM runs WHERE run_id = $before)");
    parameters.before = filter.before;
  }
  return { condition: conditions.join(" AND "), parameters };
}

function parametersOf(run: RunRow): Parameters {
  return {
    runId: run.runId,
    job: run.job,
    database: run.database,
    slot: run.slot,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    outcome: run.outcome,
    backupId: run.backupId,
    failure: run.failure && JSON.stringify(run.failure),
    warnings: JSON.stringify(run.warnings),
    summary: run.summary,
    pid: run.pid,
    bootId: run.bootId,
    host: run.host,
  };
}

const outcomes: readonly Outcome[] = ["complete", "incomplete", "failed", "skipped"];

function readRun(row: Row): RunRow {
  return {
    runId: row.text("run_id"),
    job: row.text("job"),
    database: row.textOrNull("database"),
    slot: row.instantOrNull("slot_ms"),
    startedAt: row.instant("started_ms"),
    finishedAt: row.instantOrNull("finished_ms"),
    outcome: row.oneOfOrNull("outcome", outcomes),
    backupId: row.textOrNull("backup_id"),
    failure: row.jsonOrNull("failure", readFailureReport),
    warnings: row.json("warnings", readTexts),
    summary: row.text("summary"),
    pid: row.count("pid"),
    bootId: row.text("boot_id"),
    host: row.text("host"),
  };
}

/** Null for what is no list of texts. */
export function readTexts(value: unknown): readonly string[] | null {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : null;
}
