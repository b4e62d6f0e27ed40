import type { Attempted, OutboxRow, OutboxState } from "../../domain/alerts/outbox.ts";
import { readFailureReport } from "../../domain/failure.ts";
import type { Catalog, ChannelResult, OutboxEntry } from "../catalog.ts";
import type { Connection } from "../connection.ts";
import type { Row } from "../row.ts";
import { readContent } from "./outbox-content.ts";

const insert = `
  INSERT INTO outbox (channel, key, content, created_ms, lapses_ms, attempts, next_ms, state)
  VALUES ($channel, $key, $content, $createdAt, $lapsesAt, 0, $createdAt, 'waiting')`;

const selectWaiting = "SELECT * FROM outbox WHERE state = 'waiting' ORDER BY seq";
const selectEnded = "SELECT * FROM outbox WHERE state = $state ORDER BY seq DESC LIMIT $limit";

const end = "UPDATE outbox SET state = $state, ended_ms = $at, failure = $failure WHERE seq = $seq";

// A newer message may have taken its place while it was on its way: what was delivered stays delivered.
const merge = "UPDATE outbox SET state = 'merged', ended_ms = $at WHERE seq = $seq AND state = 'waiting'";

const hasten =
  "UPDATE outbox SET next_ms = $at WHERE channel = $channel AND state = 'waiting' AND next_ms > $at";

const postpone = `
  UPDATE outbox SET attempts = attempts + 1, next_ms = $nextAt, failure = $failure
  WHERE seq = $seq AND state = 'waiting'`;

const giveUp = `
  UPDATE outbox SET state = 'given-up', ended_ms = $at, attempts = attempts + 1, failure = $failure
  WHERE seq = $seq AND state = 'waiting'`;

const putResult = `
  INSERT INTO channel_results (channel, tried_ms, delivered_ms, failure) VALUES ($channel, $at, $deliveredAt, $failure)
  ON CONFLICT (channel) DO UPDATE SET tried_ms = excluded.tried_ms, failure = excluded.failure,
    delivered_ms = coalesce(excluded.delivered_ms, delivered_ms)`;

// Those that were given up are kept longest: they are what somebody may still ask about.
const removeOld = `
  DELETE FROM outbox WHERE state <> 'waiting' AND seq NOT IN
    (SELECT seq FROM outbox WHERE state <> 'waiting' ORDER BY state = 'given-up' DESC, seq DESC LIMIT 1000)`;

type OutboxMembers = Pick<
  Catalog,
  | "enqueue"
  | "undelivered"
  | "mergeOutbox"
  | "hastenOutbox"
  | "settleOutbox"
  | "endedOutbox"
  | "channelResults"
>;

export function outboxStatements(connection: Connection): OutboxMembers {
  const record = (row: OutboxRow, attempted: Attempted, at: number) => {
    const failure = "failure" in attempted ? JSON.stringify(attempted.failure) : null;
    const deliveredAt = attempted.kind === "delivered" ? at : null;
    connection.change(putResult, { channel: row.channel, at, deliveredAt, failure });
  };
  return {
    enqueue: (entry) => connection.change(insert, parametersOf(entry)),
    undelivered: () => connection.all(selectWaiting, {}, readRow),
    mergeOutbox: (seq, at) => connection.change(merge, { seq, at }),
    hastenOutbox: (channel, at) => connection.change(hasten, { channel, at }),
    settleOutbox: (row, attempted, at) =>
      connection.atomically(() => {
        const { seq } = row;
        switch (attempted.kind) {
          case "delivered":
          case "lapsed":
            connection.change(end, { seq, at, state: attempted.kind, failure: null });
            break;
          case "later":
            connection.change(postpone, {
              seq,
              nextAt: attempted.nextAt,
              failure: JSON.stringify(attempted.failure),
            });
            break;
          case "given-up":
            connection.change(giveUp, { seq, at, failure: JSON.stringify(attempted.failure) });
            break;
          default:
            return attempted satisfies never;
        }
        if (attempted.kind !== "lapsed") record(row, attempted, at);
        connection.change(removeOld);
      }),
    endedOutbox: (state, limit) => connection.all(selectEnded, { state, limit }, readRow),
    channelResults: () => connection.all("SELECT * FROM channel_results ORDER BY channel", {}, readResult),
  };
}

function parametersOf({ channel, key, content, createdAt, lapsesAt }: OutboxEntry) {
  return { channel, key, content: JSON.stringify(content), createdAt, lapsesAt };
}

const states: readonly OutboxState[] = ["waiting", "delivered", "merged", "lapsed", "given-up"];

function readRow(row: Row): OutboxRow {
  return {
    seq: row.count("seq"),
    channel: row.text("channel"),
    key: row.text("key"),
    content: row.json("content", readContent),
    createdAt: row.instant("created_ms"),
    lapsesAt: row.instantOrNull("lapses_ms"),
    attempts: row.count("attempts"),
    nextAt: row.instant("next_ms"),
    state: row.oneOf("state", states),
    endedAt: row.instantOrNull("ended_ms"),
    failure: row.jsonOrNull("failure", readFailureReport),
  };
}

function readResult(row: Row): ChannelResult {
  return {
    channel: row.text("channel"),
    triedAt: row.instant("tried_ms"),
    deliveredAt: row.instantOrNull("delivered_ms"),
    failure: row.jsonOrNull("failure", readFailureReport),
  };
}
