import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { startPostgresContainer } from "../servers/container.ts";
import { type ProgramRun, tryProgram } from "../servers/run-program.ts";
import { createOperator, type Json, launcher, type Operator } from "./cli-tool.ts";

const capsuleConfig = `
version: 1
state: ./state
timezone: UTC
destinations:
  store: { path: ./store }
jobs:
  capsule:
    schedule: "15 2 * * *"
    capsule: { root: ./tree }
    to: [store]
    name: "replay_{timestamp}"
`;

interface Night {
  /** Lines of a file in /etc/cron.d; null: there is none. */
  readonly cronFile: string | null;
  readonly isCronRunning: boolean;
}

// Processes, /etc/cron.d and /run of its own, with a real cron in it, gone when the command has ended.
const inside = `
  mount --bind "$1" /etc/cron.d && mount -t tmpfs tmpfs /run || exit 99
  if [ "$2" = yes ]; then cron || exit 98; fi
  shift 2; exec "$@"`;

/** Runs doctor on a machine whose cron is as given. */
async function doctorAt(
  operator: Operator,
  { cronFile, isCronRunning }: Night,
  argv: readonly string[],
): Promise<{ readonly run: ProgramRun; readonly document: Json }> {
  const run = await inNamespace(operator, { cronFile, isCronRunning }, [
    launcher,
    "--json",
    "doctor",
    ...argv,
  ]);
  return { run, document: run.stdout === "" ? null : JSON.parse(run.stdout) };
}

function inNamespace(
  operator: Operator,
  { cronFile, isCronRunning }: Night,
  argv: readonly string[],
): Promise<ProgramRun> {
  const cronDirectory = operator.path("cron.d");
  mkdirSync(cronDirectory, { recursive: true, mode: 0o755 });
  rmSync(join(cronDirectory, "codex-backup"), { force: true });
  if (cronFile !== null) writeFileSync(join(cronDirectory, "codex-backup"), cronFile, { mode: 0o644 });
  const namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const command = ["sh", "-c", inside, "inside", cronDirectory, isCronRunning ? "yes" : "no"];
  const options = { cwd: operator.directory, env: operator.env };
  return tryProgram([...namespaces, ...command, ...argv], options);
}

function lineOf(operator: Operator, program = launcher, user = "root"): string {
  return `PATH=/usr/bin:/bin\n15 2 * * * ${user} ${program} --config ${operator.path("codex-backup.yaml")} -q run capsule\n`;
}

function saidBy(document: Json, code: string): Json {
  const one = document.findings.find((finding: Json) => finding.code === code);
  const codes = document.findings.map((finding: Json) => `${finding.code} ${finding.message}`);
  assert.ok(one, `said: ${codes.join("\n")}`);
  return one;
}

async function readyOperator(config = capsuleConfig): Promise<Operator> {
  const operator = createOperator(config);
  assert.equal((await operator.runHere("destination", "init", "--all")).code, 0);
  assert.equal((await operator.runHere("run", "capsule")).code, 0);
  return operator;
}

test("with a real cron and all in order, tonight will work: exit 0, no blocker, in the documented form", async () => {
  const operator = await readyOperator();
  const { run, document } = await doctorAt(operator, { cronFile: lineOf(operator), isCronRunning: true }, []);
  assert.equal(run.code, 0, run.stdout);
  assert.deepEqual(Object.keys(document), ["schemaVersion", "findings", "exit"]);
  assert.equal(document.exit, 0);
  for (const finding of document.findings) {
    const keys = ["check", "code", "severity", "subject", "message", "commands", "isFixed"];
    assert.deepEqual(Object.keys(finding).sort(), keys.sort());
    assert.notEqual(finding.severity, "blocker");
    assert.ok(finding.code.startsWith(`${finding.check}.`));
  }
  assert.match(saidBy(document, "schedule.ok").message, /cron will start the jobs/);
  assert.match(saidBy(document, "history.ok").message, /its last run/);
});

test("a cron that does not run, and no cron file at all, are blockers with the command", async () => {
  const operator = await readyOperator();
  const dead = await doctorAt(operator, { cronFile: lineOf(operator), isCronRunning: false }, []);
  assert.equal(dead.run.code, 1);
  assert.match(saidBy(dead.document, "schedule.cron-dead").commands.join(), /cron/);
  const nobody = await doctorAt(operator, { cronFile: null, isCronRunning: true }, []);
  assert.equal(nobody.run.code, 1);
  const { commands } = saidBy(nobody.document, "schedule.nobody");
  assert.deepEqual(commands, [
    `codex-backup --config ${operator.path("codex-backup.yaml")} schedule install --cron`,
  ]);
});

test("the command that it gives for a schedule that nobody starts is what mends it", async () => {
  const operator = await readyOperator();
  const night = { cronFile: null, isCronRunning: true };
  const { document } = await doctorAt(operator, night, []);
  const [command = ""] = saidBy(document, "schedule.nobody").commands;
  const bin = join(launcher, "..");
  const both = `PATH=${bin}:$PATH; ${command} >&2 && exec codex-backup --json doctor`;
  const mended = await inNamespace(operator, night, ["sh", "-c", both]);
  assert.equal(mended.code, 0, mended.stdout + mended.stderr);
  saidBy(JSON.parse(mended.stdout), "schedule.ok");
});

test("F41 --as-cron sees what only the operator's shell has: a secret in a variable", async () => {
  const operator = createOperator(
    `${capsuleConfig}  database:
    postgres: { socket: /nowhere, user: codex, password: { env: CODEX_PASSWORD }, database: codexdb }
    to: [store]
    name: "codexdb_{date}"
`,
    { CODEX_PASSWORD: "hunter22" },
  );
  const night = { cronFile: lineOf(operator), isCronRunning: true };
  const byHand = await doctorAt(operator, night, []);
  saidBy(byHand.document, "config.ok");
  const fromCron = await doctorAt(operator, night, ["--as-cron"]);
  assert.equal(fromCron.run.code, 1);
  assert.match(saidBy(fromCron.document, "config.secret").message, /CODEX_PASSWORD/);
  const environment = saidBy(fromCron.document, "schedule.as-cron");
  assert.match(
    environment.message,
    /as user "root", with HOME=\/root LOGNAME=root PATH=\/usr\/bin:\/bin SHELL=\/bin\/sh/,
  );
  assert.ok(!JSON.stringify(byHand.document).includes("hunter22"));
});

test("--as-cron becomes the user of the line, and finds what that one may not read", async () => {
  const operator = await readyOperator();
  chmodSync(operator.directory, 0o755);
  chmodSync(operator.path("codex-backup.yaml"), 0o644);
  const cronFile = lineOf(operator, launcher, "nobody");
  const { run, document } = await doctorAt(operator, { cronFile, isCronRunning: true }, ["--as-cron"]);
  assert.equal(run.code, 1);
  assert.match(
    saidBy(document, "state.not-writable").message,
    /"nobody" may not write to it: it belongs to "root"/,
  );
  assert.deepEqual(saidBy(document, "destination.not-writable").commands, [
    `chown -R nobody ${operator.path("store")}`,
  ]);
});

test("a program that cron cannot start is told with its own last words", async () => {
  const operator = await readyOperator();
  const program = operator.path("codex-backup");
  writeFileSync(program, "#!/bin/sh\necho 'Cannot start codex-backup: it needs Node 24' >&2\nexit 2\n", {
    mode: 0o755,
  });
  const night = { cronFile: lineOf(operator, program), isCronRunning: true };
  const { run, document } = await doctorAt(operator, night, ["--as-cron"]);
  assert.equal(run.code, 1);
  const { message, commands } = saidBy(document, "schedule.program-fails");
  assert.match(message, /it needs Node 24/);
  assert.match(commands[0], /env -i HOME=\/root LOGNAME=root PATH=\/usr\/bin:\/bin/);
});

test("permission denied: who runs it, which mode, and the chown that mends it", async () => {
  const operator = createOperator(capsuleConfig);
  const nobody = 65534;
  for (const path of [operator.directory, operator.path("codex-backup.yaml")])
    chownSync(path, nobody, nobody);
  chmodSync(operator.path("tree"), 0o700);
  mkdirSync(operator.path("store"), { mode: 0o755 });
  writeFileSync(operator.path("store/.codex-backup"), '{"id":"aaaa"}');
  const become = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];
  const options = { cwd: operator.directory, env: operator.env };
  const run = await tryProgram([...become, launcher, "--json", "doctor"], options);
  const document = JSON.parse(run.stdout);
  assert.equal(run.code, 1);
  const tree = saidBy(document, "capsule.root-unreadable");
  assert.match(tree.message, /runs as "nobody", and .*tree belongs to "root", mode 0700/);
  assert.deepEqual(tree.commands, [`chown -R nobody ${operator.path("tree")}`]);
  const store = saidBy(document, "destination.not-writable");
  assert.match(store.message, /this runs as "nobody"; it belongs to "root", mode 0755/);
  assert.deepEqual(store.commands, [`chown -R nobody ${operator.path("store")}`]);
  chmodSync(operator.path("tree"), 0o755);
  chmodSync(operator.path("tree/ledger"), 0o700);
  const inner = await tryProgram([...become, launcher, "--json", "doctor"], options);
  assert.match(saidBy(JSON.parse(inner.stdout), "capsule.unreadable-files").message, /"ledger"/);
});

test("a script that fails: doctor --run shows why", async () => {
  const operator = createOperator(`
version: 1
state: ./state
destinations: { store: { path: ./store } }
jobs:
  script: { command: { argv: [/usr/bin/python3, generate.py], cwd: ./tree, env: { API_TOKEN: s3cr3t-t0ken } } }
`);
  writeFileSync(
    operator.path("tree/generate.py"),
    "import json, os, sys\nsys.stderr.write(os.environ['API_TOKEN'] + ' was refused. ')\njson.loads('{')\n",
  );
  const { code, document } = await operator.json("doctor", "--run", "script");
  assert.equal(code, 1);
  assert.match(saidBy(document, "command.failed").message, /JSONDecodeError/);
  assert.ok(!JSON.stringify(document).includes("s3cr3t-t0ken"));
  const refused = await operator.run("doctor", "nosuchjob");
  assert.equal(refused.code, 2);
});

test("a container that is stopped or gone: what is there, and the command that starts it", async () => {
  const container = await startPostgresContainer("codex_doctor");
  try {
    const operator = createOperator(
      `
version: 1
state: ./state
destinations: { store: { path: ./store } }
jobs:
  database:
    postgres: { container: codex_doctor, user: codex, database: codexdb }
    to: [store]
    name: "codexdb_{date}"
`,
      container.env,
    );
    const well = await operator.json("doctor");
    saidBy(well.document, "container.ok");
    saidBy(well.document, "postgres.ok");
    await container.kill();
    const stopped = await operator.json("doctor");
    assert.equal(stopped.code, 1);
    assert.deepEqual(saidBy(stopped.document, "container.stopped").commands, ["docker start codex_doctor"]);
    await container.docker(["rename", "codex_doctor", "codex_other"]);
    const gone = await operator.json("doctor");
    assert.match(
      saidBy(gone.document, "container.missing").message,
      /there are "codex_other" \(not running\)/,
    );
  } finally {
    await container.remove();
  }
});

test("a config that cannot be read is a finding, not an end", async () => {
  const operator = createOperator(capsuleConfig.replace("schedule:", "shedule:"));
  const { code, document } = await operator.json("doctor");
  assert.equal(code, 1);
  assert.match(saidBy(document, "config.invalid").message, /codex-backup\.yaml:\d+:\d+: .*shedule/);
  saidBy(document, "tool.ok");
  const text = await operator.run("doctor");
  assert.match(text.stdout, /^blocker .*codex-backup\.yaml: Cannot use the config/m);
  assert.match(text.stdout, /Tonight will fail: 1 blocker/);
  const quiet = await operator.run("-q", "doctor");
  assert.equal(quiet.stdout, "");
  assert.match(quiet.stderr, /Cannot use the config/);
});

test("a damaged catalog is told and left as it is, and so is one of a newer release", async () => {
  const operator = await readyOperator();
  writeFileSync(operator.path("state/catalog.db"), "this is no database, whatever its name says".repeat(200));
  rmSync(operator.path("state/catalog.db-wal"), { force: true });
  const { document } = await operator.json("doctor");
  assert.deepEqual(saidBy(document, "state.damaged").commands, ["codex-backup catalog rebuild"]);
  const text = readFileSync(operator.path("state/catalog.db"), "utf8");
  assert.match(text, /^this is no database/);
  const newer = await readyOperator();
  const database = new DatabaseSync(newer.path("state/catalog.db"));
  database.exec("PRAGMA user_version = 9999");
  database.close();
  const told = await newer.json("doctor");
  assert.equal(told.code, 1);
  saidBy(told.document, "state.newer");
});
