import assert from "node:assert/strict";
import { test } from "node:test";
import type { PostgresSource } from "../../domain/jobs/source.ts";
import { describeSource } from "./describe-source.ts";

const plain: PostgresSource = {
  transport: { kind: "local" },
  host: null,
  port: null,
  user: "codex",
  password: null,
  parameters: {},
  clientDirectory: null,
};

test("a server is told by what tells it from others", () => {
  const engine = "docker";
  const said = [
    plain,
    { ...plain, host: "db.lan", port: 5433 },
    { ...plain, transport: { kind: "ssh", host: "backup@db", args: [] } },
    {
      ...plain,
      transport: { kind: "container", engine, select: { by: "name", name: "codex_postgres" } },
    },
    {
      ...plain,
      transport: { kind: "container", engine, select: { by: "compose", project: "codex", service: "db" } },
    },
  ] as const satisfies readonly PostgresSource[];
  assert.deepEqual(said.map(describeSource), [
    "at its usual place",
    "at db.lan:5433",
    "at its usual place, seen from backup@db",
    'in container "codex_postgres" (docker)',
    'in the container of service "db" of compose project "codex" (docker)',
  ]);
});
