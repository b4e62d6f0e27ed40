import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createOperator } from "../end-to-end/cli-tool.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { comingMinute, startCron, until } from "../servers/cron.ts";
import { startPostgres } from "../servers/postgres.ts";

function isRunOver(path: string): boolean {
  const catalog = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  const open = catalog.prepare("select 1 from runs where outcome is null").all();
  catalog.close();
  return open.length === 0;
}

/** The host's zone is UTC in all our images; the file is written for whatever it is. */
const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;

test("F41 F42 F43 F44 a real cron runs the installed line at its minute, and none of the lines that are wrong", async () => {
  const server = await startPostgres({ user: "codex" });
  const operator = createOperator(`
version: 1
state: ./state
timezone: ${zone}
destinations: { store: { path: ./store } }
jobs:
  database:
    schedule: "* * * * *"
    postgres: { socket: ${server.socketDirectory}, port: ${server.port}, user: codex, database: postgres }
    to: [store]
    name: "db_{timestamp}"
`);
  await operator.run("destination", "init", "--all");
  const installed = await operator.run("schedule", "install", "--cron", "--root", "root");
  assert.equal(installed.code, 0, installed.stderr);
  const crontabs = operator.path("root/etc/cron.d");
  const seen = temporaryDirectory("cron-seen");
  chmodSync(seen, 0o777);
  const put = (name: string, text: string, mode = 0o644) => {
    writeFileSync(join(crontabs, name), text);
    chmodSync(join(crontabs, name), mode);
  };
  put("bare-environment", `* * * * * root env > ${seen}/environment\n`);
  put("old-line", `* * * * * root date > ${seen}/old_$(date +%F)\n`);
  put("escaped", `* * * * * root date > ${seen}/escaped_$(date +\\%F)\n`);
  put("no-line-end", `* * * * * root date > ${seen}/no-line-end`);
  put("others-write", `* * * * * root date > ${seen}/others-write\n`, 0o666);
  put("six-fields", `0 * * * * * root date > ${seen}/six-fields\n`);
  put("not-roots", `* * * * * root date > ${seen}/not-roots\n`);
  chownSync(join(crontabs, "not-roots"), 65534, 65534);

  const minute = await comingMinute();
  const cron = startCron(crontabs);
  try {
    const manifests = () =>
      readdirSync(operator.path("store")).filter((name) => name.endsWith(".manifest.json"));
    const state = () => `${cron.log()}\n${readdirSync(seen)}\n${readdirSync(operator.path("store"))}`;
    await until(() => manifests().length > 0, 90_000, state);
    const isOver = () => isRunOver(operator.path("state/catalog.db"));
    await until(isOver, 20_000, state);
  } finally {
    await cron.stop();
  }
  const catalog = new DatabaseSync(operator.path("state/catalog.db"), { readOnly: true });
  const rows = catalog.prepare("select slot_ms, outcome, failure from runs").all();
  catalog.close();
  const wanted = { slot_ms: minute.getTime(), outcome: "complete", failure: null };
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [wanted],
    "one row, with the slot of cron's minute",
  );

  const names = readdirSync(seen);
  const environment = readFileSync(join(seen, "environment"), "utf8");
  assert.doesNotMatch(environment, /^(LANG|TZ|PGHOST|DOCKER_HOST)=/m, "cron's environment is bare");
  assert.ok(
    names.some((name) => name.startsWith("escaped_")),
    "a per cent sign with a backslash reaches the shell",
  );
  const wrong = ["old_", "no-line-end", "others-write", "six-fields", "not-roots"];
  assert.deepEqual(
    names.filter((name) => wrong.some((start) => name.startsWith(start))),
    [],
  );
  assert.ok(!existsSync("/etc/cron.d/bare-environment"), "nothing is left on the host");
  await server.stop();
});
