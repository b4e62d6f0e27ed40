import { alertEvents } from "../../domain/alerts/alert-message.ts";
import type { AlertState, Incident } from "../../domain/alerts/alert-state.ts";
import { type Instant, isInstant } from "../../domain/instant.ts";
import type { Catalog } from "../catalog.ts";
import type { Connection } from "../connection.ts";
import type { Row } from "../row.ts";

const select = "SELECT * FROM alert_states ORDER BY key";

const insert = `
  INSERT INTO alert_states (key, job, database, incident, openings)
  VALUES ($key, $job, $database, $incident, $openings)`;

const selectTime = "SELECT at_ms FROM alert_times WHERE name = $name";

const selectNames =
  "SELECT name FROM alert_times WHERE substr(name, 1, length($prefix)) = $prefix ORDER BY name";

const putTime = `
  INSERT INTO alert_times (name, at_ms) VALUES ($name, $at)
  ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms`;

type StateMembers = Pick<
  Catalog,
  "alertStates" | "putAlertStates" | "alertTime" | "putAlertTime" | "alertTimeNames"
>;

export function alertStateStatements(connection: Connection): StateMembers {
  return {
    alertStates: () => connection.all(select, {}, readState),
    putAlertStates: (states) =>
      connection.atomically(() => {
        connection.change("DELETE FROM alert_states");
        for (const state of states) connection.change(insert, parametersOf(state));
      }),
    alertTime: (name) => connection.first(selectTime, { name }, (row) => row.instant("at_ms")),
    alertTimeNames: (prefix) => connection.all(selectNames, { prefix }, (row) => row.text("name")),
    putAlertTime: (name, at) => connection.change(putTime, { name, at }),
  };
}

function parametersOf({ key, job, database, incident, openings }: AlertState) {
  return {
    key,
    job,
    database,
    incident: incident && JSON.stringify(incident),
    openings: JSON.stringify(openings),
  };
}

function readState(row: Row): AlertState {
  return {
    key: row.text("key"),
    job: row.textOrNull("job"),
    database: row.textOrNull("database"),
    incident: row.jsonOrNull("incident", readIncident),
    openings: row.json("openings", readMoments),
  };
}

function readIncident(value: unknown): Incident | null {
  if (typeof value !== "object" || value === null) return null;
  const fields = new Map<string, unknown>(Object.entries(value));
  const since = readMoment(fields.get("since"));
  const told = readTexts(fields.get("told"));
  const channels = readTexts(fields.get("channels"));
  const escalatedTo = readTexts(fields.get("escalatedTo"));
  if (since === null || told === null || channels === null || escalatedTo === null) return null;
  const known = told.flatMap((word) => alertEvents.filter((event) => event === word));
  const findings = readTexts(fields.get("findings")) ?? []; // older incidents have none
  return {
    since,
    told: known,
    findings,
    channels,
    escalatedTo,
    wellSince: readMoment(fields.get("wellSince")),
  };
}

function readMoments(value: unknown): readonly Instant[] | null {
  if (!Array.isArray(value)) return null;
  const moments = value.map(readMoment);
  return moments.every((at) => at !== null) ? moments : null;
}

function readMoment(value: unknown): Instant | null {
  return isInstant(value) ? value : null;
}

function readTexts(value: unknown): readonly string[] | null {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : null;
}
