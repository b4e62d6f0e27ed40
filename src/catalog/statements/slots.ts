import type { Catalog, SlotRow } from "../catalog.ts";
import type { Connection, Parameters } from "../connection.ts";
import type { Row } from "../row.ts";

const columns = `(job, slot_ms, state, reason, run_id, decided_ms, attempts, pid, boot_id, host)
  VALUES ($job, $slot, $state, $reason, $runId, $decidedAt, $attempts, $pid, $bootId, $host)`;

// A reopened row is as good as none.
const unlessDecided = `
  ON CONFLICT (job, slot_ms) DO UPDATE SET state = excluded.state, reason = excluded.reason,
    run_id = excluded.run_id, decided_ms = excluded.decided_ms, attempts = excluded.attempts,
    pid = excluded.pid, boot_id = excluded.boot_id, host = excluded.host
  WHERE state = 'reopened'`;

// A row that comes back is the proof that it was written: of many processes one gets it.
const claim = `INSERT INTO slots ${columns} ${unlessDecided} RETURNING job`;

const claimAgain = `
  UPDATE slots SET run_id = $runId, decided_ms = $decidedAt, attempts = attempts + 1, pid = $pid,
    boot_id = $bootId, host = $host
  WHERE job = $job AND slot_ms = $slot AND state = 'claimed' AND run_id = $died RETURNING job`;

const record = `INSERT INTO slots ${columns} ${unlessDecided}`;

const skip = `
  UPDATE slots SET state = 'skipped', reason = $reason
  WHERE job = $job AND slot_ms = $slot AND run_id = $runId`;

const giveUp = `
  UPDATE slots SET attempts = attempts + 1
  WHERE job = $job AND slot_ms = $slot AND state = 'claimed' AND attempts < 2`;

const select = `
  SELECT * FROM slots
  WHERE job = $job AND slot_ms >= $since AND slot_ms <= $until AND state <> 'reopened'
  ORDER BY slot_ms DESC LIMIT $limit`;

// What was only written down by a clock that was ahead is no truth. What ran is, unless that clock was a day
// ahead: then its backup is not the one that this slot stands for.
const forget = "DELETE FROM slots WHERE job = $job AND slot_ms > $now + 86400000";

// Not deleted: should the clock leap over them again, they lie before one that was run and nobody would ask.
const reopen = `
  UPDATE slots SET state = 'reopened'
  WHERE job = $job AND slot_ms > $now AND state IN ('missed', 'skipped')`;

const closeReopened = `
  UPDATE slots SET state = 'missed', reason = 'the clock has leapt over it', decided_ms = $now
  WHERE job = $job AND state = 'reopened' AND slot_ms < $now AND slot_ms <
    (SELECT max(slot_ms) FROM slots WHERE job = $job AND slot_ms <= $now AND state <> 'reopened')`;

const trim = `
  DELETE FROM slots WHERE job = $job AND slot_ms <
    (SELECT slot_ms FROM slots WHERE job = $job ORDER BY slot_ms DESC LIMIT 1 OFFSET $keep)`;

const since = "SELECT since_ms FROM schedules WHERE job = $job AND schedule = $schedule AND since_ms <= $now";

const meet = `
  INSERT INTO schedules (job, schedule, since_ms) VALUES ($job, $schedule, $now)
  ON CONFLICT (job) DO UPDATE SET schedule = excluded.schedule, since_ms = excluded.since_ms`;

/** So many are kept of a job: 400 days of an hourly one. */
const keptRows = 10_000;

type SlotMembers = Pick<
  Catalog,
  "claimSlot" | "recordSlots" | "skipSlot" | "giveUpSlot" | "slots" | "forgetFutureSlots" | "scheduleSince"
>;

export function slotStatements(connection: Connection): SlotMembers {
  const isWritten = (sql: string, parameters: Parameters) =>
    connection.first(sql, parameters, (row) => row.text("job")) !== null;
  return {
    claimSlot(row, died) {
      const { state: _state, reason: _reason, attempts: _attempts, ...again } = parametersOf(row);
      if (died !== null) return isWritten(claimAgain, { ...again, died });
      return connection.atomically(() => {
        const isOurs = isWritten(claim, parametersOf(row));
        if (isOurs) connection.change(trim, { job: row.job, keep: keptRows });
        return isOurs;
      });
    },
    recordSlots(job, rows) {
      if (rows.length === 0) return;
      connection.atomically(() => {
        for (const row of rows) connection.change(record, parametersOf(row));
        connection.change(trim, { job, keep: keptRows });
      });
    },
    skipSlot: ({ job, slot, runId }, reason) => connection.change(skip, { job, slot, runId, reason }),
    giveUpSlot: (job, slot) => connection.change(giveUp, { job, slot }),
    slots: ({ job, since: from, until, limit }) => {
      const span = { since: from ?? 0, until: until ?? Number.MAX_SAFE_INTEGER };
      return connection.all(select, { job, ...span, limit: limit ?? -1 }, readSlot);
    },
    forgetFutureSlots(job, now) {
      for (const sql of [forget, reopen, closeReopened]) connection.change(sql, { job, now });
    },
    scheduleSince(job, schedule, now) {
      const known = () => connection.first(since, { job, schedule, now }, (row) => row.instant("since_ms"));
      const before = known();
      if (before !== null) return before;
      connection.change(meet, { job, schedule, now });
      return known() ?? now; // another process may have been first
    },
  };
}

function parametersOf(row: SlotRow) {
  return {
    job: row.job,
    slot: row.slot,
    state: row.state,
    reason: row.reason,
    runId: row.runId,
    decidedAt: row.decidedAt,
    attempts: row.attempts,
    pid: row.pid,
    bootId: row.bootId,
    host: row.host,
  } satisfies Parameters;
}

const states: readonly SlotRow["state"][] = ["claimed", "missed", "skipped"];

function readSlot(row: Row): SlotRow {
  return {
    job: row.text("job"),
    slot: row.instant("slot_ms"),
    state: row.oneOf("state", states),
    reason: row.textOrNull("reason"),
    runId: row.textOrNull("run_id"),
    decidedAt: row.instant("decided_ms"),
    attempts: row.count("attempts"),
    pid: row.count("pid"),
    bootId: row.text("boot_id"),
    host: row.text("host"),
  };
}
