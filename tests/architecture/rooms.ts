import type { Import, SourceFile } from "./source-tree.ts";

/** Which rooms each room may import (STYLE 2). Everything else is forbidden; "*" is every room. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  main: ["wiring", "cli", "platform", "domain"],
  wiring: ["*"],
  cli: ["operations", "scheduler", "config", "demo", "domain", "platform/log.ts"],
  http: ["operations", "scheduler", "config", "domain", "platform/log.ts"],
  dashboard: [],
  scheduler: ["operations", "catalog", "platform", "domain"],
  demo: ["operations", "config", "platform", "domain"],
  operations: [
    "postgres",
    "capsule",
    "destinations",
    "catalog",
    "alerts",
    "signatures",
    "encryption",
    "platform",
    "domain",
  ],
  postgres: ["platform", "domain"],
  capsule: ["platform", "domain"],
  destinations: ["platform", "domain"],
  catalog: ["platform", "domain"],
  config: ["platform", "domain"],
  alerts: ["platform", "domain"],
  signatures: ["platform", "domain"],
  encryption: ["platform", "domain"],
  telemetry: ["platform", "domain"],
  platform: [
    "domain/failure.ts",
    "domain/failure-table.ts",
    "domain/instant.ts",
    "domain/timestamp.ts",
    "domain/secret.ts",
  ],
  domain: [],
};

/** Rooms that are used through types only from these rooms (STYLE 2: "config (types)"). */
const typesOnly: readonly (readonly [from: string, to: string])[] = [
  ["cli", "config"],
  ["http", "config"],
];

/** Rooms without a door: each file is one. */
const openRooms: readonly string[] = ["platform", "domain", "main", "wiring"];

const doorNames: Readonly<Record<string, string>> = {
  operations: "operation",
  destinations: "destination",
  alerts: "alert",
  signatures: "signature",
};

/** The one file through which a room is entered, named like the room in the singular; null for open rooms. */
export function doorOf(room: string): string | null {
  return openRooms.includes(room) ? null : `${room}/${doorNames[room] ?? room}.ts`;
}

/** Null when the import is allowed, else why it is not. */
export function faultOfImport(file: SourceFile, one: Import): string | null {
  if (one.target === null) return null;
  if (one.target.startsWith("..")) return "leaves src/";
  const room = one.target.split("/")[0]?.replace(/\.ts$/, "") ?? "";
  if (room === file.room) return null;
  const allowed = arrows[file.room];
  if (allowed === undefined) return `the room "${file.room}" is not in the list of rooms`;
  if (![room, one.target, "*"].some((name) => allowed.includes(name)))
    return `"${file.room}" may not know "${room}"`;
  if (file.room === "wiring") return null;
  const door = doorOf(room);
  if (door !== null && one.target !== door) return `enters "${room}" past its door, ${door}`;
  const isTypesOnly = typesOnly.some(([from, to]) => from === file.room && to === room);
  return isTypesOnly && !one.isTypeOnly ? `may know only the types of "${room}"` : null;
}
