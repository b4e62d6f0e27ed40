import assert from "node:assert/strict";
import { test } from "node:test";
import { instant } from "../instant.ts";
import type { AlertMessage } from "./alert-message.ts";
import { namingConfig } from "./naming-config.ts";

const message: AlertMessage = {
  id: "1",
  event: "failed",
  severity: "critical",
  key: "job/database",
  job: "database",
  database: null,
  subject: "FAILED: database on codex-backup host",
  lines: ["Cannot log in.", "Next: codex-backup logs r1"],
  nextStep: "codex-backup logs r1",
  since: null,
  lastGoodAt: null,
  runId: "r1",
  host: "db1",
  at: instant(0),
};

test("the next step names a config that the program would not find by itself, as one word of a shell", () => {
  const named = namingConfig(message, "/srv/my backups/config.yaml");
  assert.equal(named.nextStep, "codex-backup --config '/srv/my backups/config.yaml' logs r1");
  assert.deepEqual(named.lines, [
    "Cannot log in.",
    "Next: codex-backup --config '/srv/my backups/config.yaml' logs r1",
  ]);
  assert.equal(named.subject, message.subject);
});

test("where the program looks by itself, and for other programs' commands, nothing is added", () => {
  assert.deepEqual(namingConfig(message, "/etc/codex-backup/config.yaml"), message);
  const clock = { ...message, nextStep: "timedatectl status", lines: ["Next: timedatectl status"] };
  assert.deepEqual(namingConfig(clock, "/srv/config.yaml"), clock);
  const silent = { ...message, nextStep: null };
  assert.deepEqual(namingConfig(silent, "/srv/config.yaml"), silent);
});
