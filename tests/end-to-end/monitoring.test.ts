import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { runProgram, tryProgram } from "../servers/run-program.ts";
import { createOperator, localConfig } from "./cli-tool.ts";

const tokenConfig = `${localConfig}http: { listen: "127.0.0.1:0", tokenFile: ./tokens }\n`;

async function operatorWithBackup(config = tokenConfig) {
  const operator = createOperator(config);
  await operator.runHere("destination", "init", "store");
  await operator.runHere("run", "capsule");
  return operator;
}

test("what metrics prints is accepted by promtool, tells of jobs without a backup, and holds moments, not ages", async () => {
  const operator = await operatorWithBackup();
  await operator.runHere("run", "broken");
  const { stdout, code } = await operator.runHere("metrics");
  assert.equal(code, 0);
  writeFileSync(operator.path("m.prom"), stdout);
  await runProgram(["sh", "-c", `promtool check metrics < ${operator.path("m.prom")}`]);
  assert.match(stdout, /codex_backup_job_healthy\{backup_job="broken",database="",kind="command"\} 0/);
  assert.match(stdout, /codex_backup_runs_total\{backup_job="broken",outcome="failed"\} 1/);
  assert.match(stdout, /codex_backup_last_success_timestamp_seconds\{backup_job="capsule"\} \d{10}/);
  assert.doesNotMatch(
    stdout,
    /last_success_timestamp_seconds\{backup_job="broken"/,
    "no success is no sample, not 0",
  );
  const at = Number(
    /newest_good_timestamp_seconds\{backup_job="capsule",database=""\} ([\d.]+)/.exec(stdout)?.[1],
  );
  assert.ok(Math.abs(at - Date.now() / 1000) < 600);
});

test("a text file is readable by node_exporter, replaced in one step, and never left standing when it is no longer so", async () => {
  const operator = await operatorWithBackup();
  const path = operator.path("out/codex.prom");
  mkdirSync(operator.path("out"));
  assert.equal((await operator.runHere("metrics", "--textfile", path)).code, 0);
  assert.equal(statSync(path).mode & 0o777, 0o644);
  assert.match(readFileSync(path, "utf8"), /codex_backup_up 1/);
  rmSync(operator.path("state/catalog.db"));
  mkdirSync(operator.path("state/catalog.db"));
  assert.notEqual((await operator.runHere("metrics", "--textfile", path)).code, 0);
  assert.match(readFileSync(path, "utf8"), /^codex_backup_up 0$/m);
  assert.doesNotMatch(readFileSync(path, "utf8"), /healthy/);
  writeFileSync(operator.path("codex-backup.yaml"), "nonsense: true\n");
  writeFileSync(path, "codex_backup_up 1\n");
  assert.equal((await operator.runHere("metrics", "--textfile", path)).code, 2);
  assert.match(readFileSync(path, "utf8"), /^codex_backup_up 0$/m);
  assert.deepEqual(readdirSync(operator.path("out")), ["codex.prom"], "no scratch file stays");
  const refused = await operator.runHere("metrics", "--textfile", operator.path("out/codex.txt"));
  assert.equal(refused.code, 2);
});

test("check says in one line what is wrong, with performance data, and ends with a plugin's statuses only", async () => {
  const operator = await operatorWithBackup();
  const ok = await operator.runHere("check", "--job", "capsule", "--warning", "26h", "--critical", "50h");
  assert.equal(ok.code, 0);
  assert.match(
    ok.stdout,
    /^CODEX-BACKUP OK - capsule: \d+ s old \| 'capsule_age'=\d+s;93600;180000;0 'capsule_size'=\d+B;;;0\n$/,
  );
  await operator.runHere("run", "broken");
  const critical = await operator.runHere("check");
  assert.equal(critical.code, 2);
  assert.match(critical.stdout, /^CODEX-BACKUP CRITICAL - broken: [^\n|]*failed[^\n]*\n$/);
  const late = await operator.runHere("check", "--job", "capsule", "--warning", "1ms");
  assert.equal(late.code, 1);
  rmSync(operator.path("store/.codex-backup"));
  assert.equal((await operator.runHere("check", "--job", "capsule", "--warning", "26h")).code, 2);
});

test("check ends with 3 and one line on stdout whatever keeps it from judging", async () => {
  const operator = await operatorWithBackup();
  const lines = [
    ["check", "--nope"],
    ["check", "--warning", "soon"],
    ["check", "--job", "nope"],
    ["check", "--warning", "2h", "--critical", "1h"],
    ["--config", "/nowhere.yaml", "check"],
  ];
  for (const words of lines) {
    const { code, stdout } = await operator.runHere(...words);
    assert.equal(code, 3, words.join(" "));
    assert.match(stdout, /^CODEX-BACKUP UNKNOWN - [^\n]+\n$/);
    assert.ok(Buffer.byteLength(stdout) <= 4096);
  }
  const { document } = await operator.json("check", "--job", "nope");
  assert.equal(document.state, "UNKNOWN");
});

test("a token is shown once, kept as a hash beside comments, 0600, and taken out again", async () => {
  const operator = await operatorWithBackup();
  writeFileSync(operator.path("tokens"), "# who may ask\n", { mode: 0o600 });
  const { stdout } = await operator.runHere("token", "create", "prometheus");
  const text = stdout.trim();
  assert.match(text, /^cbk_[\w-]{43}$/);
  const file = readFileSync(operator.path("tokens"), "utf8");
  assert.ok(file.startsWith("# who may ask\nprometheus read ") && !file.includes(text));
  assert.equal(statSync(operator.path("tokens")).mode & 0o777, 0o600);
  assert.equal(
    (await operator.runHere("token", "create", "prometheus")).code,
    2,
    "a name is not given twice",
  );
  const listed = await operator.json("token", "list");
  assert.deepEqual(
    listed.document.tokens.map(({ name, scope }: { name: string; scope: string }) => [name, scope]),
    [["prometheus", "read"]],
  );
  assert.equal((await operator.runHere("token", "revoke", "nobody")).code, 2);
  await operator.runHere("token", "revoke", "prometheus");
  assert.equal(readFileSync(operator.path("tokens"), "utf8"), "# who may ask\n");
});

test("eight tokens made at once are all there, or their command said that they are not", async () => {
  const operator = await operatorWithBackup();
  const names = Array.from({ length: 8 }, (_, index) => `t${index}`);
  const ran = await Promise.all(names.map((name) => operator.run("token", "create", name)));
  const made = names.filter((_, index) => ran[index]?.code === 0);
  const { document } = await operator.json("token", "list");
  assert.deepEqual(document.tokens.map(({ name }: { name: string }) => name).sort(), made.sort());
  assert.ok(made.length >= 1);
});

test("serve answers under its configured address: health for all, status for tokens, a run from afar", async (t) => {
  const operator = await operatorWithBackup();
  const { stdout } = await operator.runHere("token", "create", "deploy", "--scope", "operate");
  const started = operator.start("serve");
  t.after(() => started.child.kill("SIGKILL"));
  const address = await new Promise<string>((resolve) => {
    let text = "";
    started.child.stderr?.on("data", (chunk: Buffer) => {
      text += chunk;
      const found = /"address":"([^"]+)"/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const ask = (path: string, options: RequestInit = {}) => fetch(`http://${address}${path}`, options);
  const headers = { authorization: `Bearer ${stdout.trim()}`, "content-type": "application/json" };
  assert.equal((await ask("/healthz")).status, 200);
  assert.equal((await ask("/status")).status, 401);
  assert.equal((await ask("/metrics", { headers })).status, 200);
  const begun = await ask("/api/v1/runs", { method: "POST", headers, body: '{"job":"script"}' });
  assert.equal(begun.status, 202);
  const { run } = JSON.parse(await begun.text());
  const events = await (await ask(`/api/v1/runs/${run.runId}/events`, { headers })).text();
  assert.match(events, /^: codex-backup/);
  const shown = JSON.parse(await (await ask(`/api/v1/runs/${run.runId}`, { headers })).text());
  assert.equal(shown.run.outcome, "complete");
  const audit = readFileSync(operator.path("state/audit.log"), "utf8");
  assert.match(
    audit,
    /"phase":"started","who":"deploy","address":"127\.0\.0\.1","action":"run","target":"script"/,
  );
  assert.equal(statSync(operator.path("state/audit.log")).mode & 0o777, 0o600);
  started.child.kill("SIGTERM");
  assert.equal((await started.ended).code, 0);
  assert.notEqual((await tryProgram(["curl", "-s", `http://${address}/healthz`])).code, 0);
});
