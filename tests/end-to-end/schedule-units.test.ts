import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tryProgram } from "../servers/run-program.ts";
import { createOperator, localConfig, type Operator } from "./cli-tool.ts";

const launcher = join(import.meta.dirname, "../../bin/codex-backup");

const config = localConfig.replace("Europe/Berlin", "UTC");
const cronPath = "root/etc/cron.d/codex-backup";

function install(operator: Operator, ...more: readonly string[]) {
  return operator.runHere("schedule", "install", "--root", "root", ...more);
}

function edit(operator: Operator, path: string, from: string, to: string): void {
  const text = readFileSync(operator.path(path), "utf8");
  assert.ok(text.includes(from), text);
  writeFileSync(operator.path(path), text.replace(from, to));
}

test("the crontab is root's, 644, whole, absolute, without a per cent sign, and each line has its slot", async () => {
  const operator = createOperator(config);
  const { code, stdout } = await install(operator, "--cron");
  assert.equal(code, 0);
  assert.match(stdout, /capsule +(tonight|tomorrow|today) 02:15 +\S+ 02:15 \+00:00 UTC/);
  const text = readFileSync(operator.path(cronPath), "utf8");
  const { mode, uid } = statSync(operator.path(cronPath));
  assert.deepEqual([mode & 0o7777, uid], [0o644, 0]);
  assert.ok(text.endsWith("\n") && !text.includes("%"));
  const tasks = text.split("\n").filter((line) => /^[\d*]/.test(line));
  const call = `root ${launcher} --config ${operator.path("codex-backup.yaml")} -q`;
  assert.deepEqual(tasks, [
    `15 2 * * * ${call} run capsule --scheduled`,
    `30 2 * * * ${call} run checksums --scheduled`,
    `*/5 * * * * ${call} watch --once`,
  ]);
  assert.match(text, /^#0 3 \* \* 0 root \/.* prune --job capsule$/m);
  assert.deepEqual(readdirSync(operator.path("root/etc/cron.d")), ["codex-backup"]);
});

test("a time that was edited in the file is kept, shown, and given up only with --reset-times", async () => {
  const operator = createOperator(config);
  await install(operator, "--cron");
  edit(operator, cronPath, "\n15 2 * * * root", "\n15 4 * * * root");
  edit(operator, cronPath, "MAILTO=root", "MAILTO=ops@example.org");
  edit(operator, cronPath, "\n30 2 * * * root", "\n#30 2 * * * root");
  writeFileSync(
    operator.path(cronPath),
    `${readFileSync(operator.path(cronPath), "utf8")}7 7 * * * root /usr/local/bin/mine\n0 0 8 * * * root /bin/six\n`,
  );
  const again = await install(operator, "--cron");
  assert.match(
    again.stdout,
    /capsule has "15 4 \* \* \*" in the installed file.*the config says "15 2 \* \* \*"/,
  );
  assert.match(again.stdout, /checksums is switched off in the installed file/);
  const text = readFileSync(operator.path(cronPath), "utf8");
  assert.match(text, /^15 4 \* \* \* root .* run capsule --scheduled$/m);
  assert.doesNotMatch(text, /^30 2/m);
  assert.match(text, /^MAILTO=ops@example.org$/m);
  assert.match(text, /^7 7 \* \* \* root \/usr\/local\/bin\/mine$/m);
  assert.match(text, /^# cron cannot read: 0 0 8 \* \* \* root \/bin\/six$/m);
  const reset = await install(operator, "--cron", "--reset-times");
  assert.doesNotMatch(reset.stdout, /somebody edited/);
  const after = readFileSync(operator.path(cronPath), "utf8");
  assert.match(after, /^15 2 \* \* \* root .* run capsule --scheduled$/m);
  assert.match(after, /^30 2 \* \* \* root .* run checksums --scheduled$/m);
  assert.match(after, /^7 7 \* \* \* root/m);
  assert.match(after, /^# cron cannot read: 0 0 8/m);
});

test("a time that changed in the config reaches the file, since nobody edited it there", async () => {
  const operator = createOperator(config);
  await install(operator, "--cron");
  edit(operator, "codex-backup.yaml", '"15 2 * * *"', '"45 1 * * *"');
  await install(operator, "--cron");
  assert.match(readFileSync(operator.path(cronPath), "utf8"), /^45 1 \* \* \* root .* run capsule/m);
});

test("the old guide's own file is not touched, and the way out is named", async () => {
  const operator = createOperator(config);
  mkdirSync(operator.path("root/etc/cron.d"), { recursive: true });
  const old =
    "0 2 * * * root docker exec codex_postgres pg_dump -U codex codexdb > /backups/c_$(date +\\%F).sql\n";
  writeFileSync(operator.path(cronPath), old);
  const { code, stderr } = await install(operator, "--cron");
  assert.equal(code, 2);
  assert.match(stderr, /Cannot write ".*codex-backup": it was not written by us/);
  assert.match(stderr, /codex-backup schedule import .*cron\.d\/codex-backup/);
  assert.equal(readFileSync(operator.path(cronPath), "utf8"), old);
  const removal = await operator.runHere("schedule", "uninstall", "--root", "root");
  assert.match(removal.stdout, /Left .*codex-backup: not written by us/);
  assert.equal(readFileSync(operator.path(cronPath), "utf8"), old);
});

test("the account of an install is kept by the next one, until another is named", async () => {
  const operator = createOperator(config);
  const usersIn = (path: string, shape: RegExp) =>
    [...readFileSync(operator.path(path), "utf8").matchAll(shape)].map(([, user]) => user);
  const cronUsers = () => new Set(usersIn(cronPath, /^[\d*/]+(?: \S+){4} (\S+) /gm));
  await install(operator, "--cron", "--user", "games");
  writeFileSync(operator.path(cronPath), `7 7 * * * root /usr/local/bin/mine\n`, { flag: "a" });
  await install(operator, "--cron");
  assert.deepEqual(cronUsers(), new Set(["games", "root"]), "root: of the line that somebody added");
  await install(operator, "--systemd");
  const service = "root/etc/systemd/system/codex-backup-capsule.service";
  assert.deepEqual(usersIn(service, /^User=(.*)$/gm), ["games"]);
  await install(operator, "--cron", "--user", "root");
  assert.deepEqual(cronUsers(), new Set(["root"]));
});

test("a zone that cron cannot keep is refused before anything is written", async () => {
  const operator = createOperator(localConfig.replace("Europe/Berlin", "America/Santiago"));
  const { code, stderr } = await install(operator, "--cron");
  assert.equal(code, 2);
  assert.match(stderr, /capsule: America\/Santiago and the host's zone .* are not always equally far apart/);
  assert.match(stderr, /schedule install --systemd/);
  assert.throws(() => statSync(operator.path(cronPath)));
});

test("paths with blanks are quoted; a per cent sign is refused for cron and doubled for systemd", async () => {
  const operator = createOperator(config);
  mkdirSync(operator.path("a b"));
  mkdirSync(operator.path("50%"));
  writeFileSync(operator.path("a b/c d.yaml"), config, { mode: 0o600 });
  writeFileSync(operator.path("50%/c.yaml"), config, { mode: 0o600 });
  const blank = operator.path("a b/c d.yaml");
  await operator.runHere("--config", blank, "schedule", "install", "--cron", "--root", "root");
  const text = readFileSync(operator.path(cronPath), "utf8");
  assert.ok(text.includes(` --config '${blank}' -q run capsule`));
  const other = await operator.runHere(
    "--config",
    operator.path("50%/c.yaml"),
    "schedule",
    "install",
    "--cron",
    "--root",
    "r2",
  );
  assert.equal(other.code, 1);
  assert.match(other.stderr, /per cent sign/);
  const foreign = await install(operator, "--cron");
  assert.equal(foreign.code, 2);
  assert.match(foreign.stderr, /it belongs to the config ".*a b\/c d.yaml"/);
  await operator.runHere(
    "--config",
    operator.path("50%/c.yaml"),
    "schedule",
    "install",
    "--systemd",
    "--root",
    "r3",
  );
  assert.match(
    readFileSync(operator.path("r3/etc/systemd/system/codex-backup-capsule.service"), "utf8"),
    /^ExecStart=\S+ --config \S+50%%\/c\.yaml run capsule --scheduled$/m,
  );
});

test("systemd finds nothing wrong with the units, and little to attack", async () => {
  const operator = createOperator(config.replace("script:", "watch:"));
  await install(operator, "--systemd", "--program", "/bin/true");
  await install(operator, "--systemd", "--serve", "--program", "/bin/true");
  const units = operator.path("root/etc/systemd/system");
  const names = readdirSync(units);
  assert.deepEqual(
    names.filter((name) => name.endsWith(".timer")),
    ["codex-backup-capsule.timer", "codex-backup-checksums.timer", "codex-backup-watch.timer"],
  );
  for (const name of names) {
    const verify = ["systemd-analyze", "verify", "--recursive-errors=no", `${units}/${name}`];
    const { code, stdout, stderr } = await tryProgram(verify);
    assert.deepEqual([code, `${stdout}${stderr}`], [0, ""], name);
    if (name.endsWith(".timer")) continue;
    const security = execFileSync("systemd-analyze", ["security", "--offline=true", `${units}/${name}`], {
      encoding: "utf8",
    });
    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(security)?.[1]);
    assert.ok(exposure <= 2.5, `${name} ${exposure}`);
  }
});

test("times edited in a timer, or by systemctl edit, are kept and shown", async () => {
  const operator = createOperator(config);
  await install(operator, "--systemd");
  const timer = "root/etc/systemd/system/codex-backup-capsule.timer";
  edit(operator, timer, "OnCalendar=*-*-* 02:15:00 UTC", "OnCalendar=*-*-* 05:15:00 Europe/Berlin");
  mkdirSync(operator.path("root/etc/systemd/system/codex-backup-checksums.timer.d"));
  writeFileSync(
    operator.path("root/etc/systemd/system/codex-backup-checksums.timer.d/override.conf"),
    "[Timer]\nOnCalendar=\nOnCalendar=Mon..Fri 06:00\n",
  );
  const { stdout } = await install(operator, "--systemd");
  assert.match(stdout, /capsule has "\*-\*-\* 05:15:00 Europe\/Berlin" in the installed file/);
  assert.match(stdout, /checksums has "Mon..Fri 06:00"/);
  assert.match(readFileSync(operator.path(timer), "utf8"), /^OnCalendar=\*-\*-\* 05:15:00 Europe\/Berlin$/m);
  await install(operator, "--systemd", "--reset-times");
  assert.match(readFileSync(operator.path(timer), "utf8"), /^OnCalendar=\*-\*-\* 02:15:00 UTC$/m);
});

test("the units of a job that left the config go at the next install, others stay", async () => {
  const operator = createOperator(config);
  await install(operator, "--systemd");
  edit(operator, "codex-backup.yaml", '    schedule: "15 2 * * *"\n', "");
  writeFileSync(
    operator.path("root/etc/systemd/system/codex-backup-other.timer"),
    "[Timer]\nOnCalendar=daily\n",
  );
  const { document } = await operator.json("schedule", "install", "--systemd", "--root", "root");
  const units = operator.path("root/etc/systemd/system");
  assert.deepEqual(document.removed, [
    `${units}/codex-backup-capsule.service`,
    `${units}/codex-backup-capsule.timer`,
  ]);
  assert.deepEqual(readdirSync(units).sort(), [
    "codex-backup-checksums.service",
    "codex-backup-checksums.timer",
    "codex-backup-other.timer",
    "codex-backup-watch.service",
    "codex-backup-watch.timer",
  ]);
});

test("uninstall removes every file of ours and nothing else", async () => {
  const operator = createOperator(config);
  await install(operator, "--cron");
  await install(operator, "--systemd");
  writeFileSync(
    operator.path("root/etc/systemd/system/codex-backup-other.service"),
    "[Service]\nExecStart=/bin/true\n",
  );
  const { code, stdout } = await operator.runHere("schedule", "uninstall", "--root", "root");
  assert.equal(code, 0);
  assert.match(stdout, /Removed .*cron\.d\/codex-backup/);
  assert.match(stdout, /Left .*codex-backup-other\.service: not written by us/);
  assert.deepEqual(readdirSync(operator.path("root/etc/systemd/system")), ["codex-backup-other.service"]);
  assert.deepEqual(readdirSync(operator.path("root/etc/cron.d")), []);
});

test("uninstall leaves the lines that somebody added to the crontab, with their variables", async () => {
  const operator = createOperator(config);
  await install(operator, "--cron");
  edit(operator, cronPath, "MAILTO=root", "MAILTO=ops@example.org");
  const ours = readFileSync(operator.path(cronPath), "utf8");
  const prune = /^#(0 3 .* prune --job capsule)$/m.exec(ours)?.[1] ?? "";
  writeFileSync(operator.path(cronPath), `${ours}${prune}\n7 7 * * * root /usr/local/bin/mine\n`);
  const { stdout } = await operator.runHere("schedule", "uninstall", "--root", "root");
  assert.match(stdout, /^Removed our lines from .*cron\.d\/codex-backup; those that somebody added stay$/m);
  const rest = readFileSync(operator.path(cronPath), "utf8");
  assert.match(rest, /^MAILTO=ops@example.org$/m);
  assert.deepEqual(
    rest.split("\n").filter((line) => /^[\d*]/.test(line)),
    ["7 7 * * * root /usr/local/bin/mine"],
  );
  const again = await operator.runHere("schedule", "uninstall", "--root", "root");
  assert.match(again.stdout, /Left .*cron\.d\/codex-backup: not written by us/);
});

test("an install that may not write says so and how to go on", async () => {
  const operator = createOperator(config);
  mkdirSync(operator.path("root/etc"), { recursive: true });
  writeFileSync(operator.path("root/etc/cron.d"), "");
  const { code, stderr } = await install(operator, "--cron");
  assert.equal(code, 1);
  assert.match(stderr, /Cannot (read|write) ".*codex-backup"/);
});

test("a crontab is imported into a config that is accepted, line by line", async () => {
  const operator = createOperator(config);
  const cron = [
    "0 2 * * * root docker exec codex_postgres pg_dump -U codex codexdb > /backups/codexdb_$(date +\\%F).sql",
    "#0 3 * * 0 root find /backups -name 'codexdb_*.sql' -mtime +30 -delete",
    "",
  ];
  writeFileSync(operator.path("old.cron"), cron.join("\n"));
  const { code, document } = await operator.json("schedule", "import", "old.cron", "--output", "new.yaml");
  assert.equal(code, 3);
  assert.deepEqual(
    document.lines.map((line: { readonly outcome: string }) => line.outcome),
    ["taken over", "left out"],
  );
  const checked = await operator.runHere("--config", operator.path("new.yaml"), "config", "check");
  assert.equal(checked.code, 0, checked.stderr);
  const printed = await operator.runHere("schedule", "import", "old.cron");
  assert.equal(printed.stdout, readFileSync(operator.path("new.yaml"), "utf8"));
  writeFileSync(operator.path("none.cron"), "# nothing\n");
  assert.equal((await operator.runHere("schedule", "import", "none.cron")).code, 2);
});

test("F45 installing needs no program crontab and no set-group-id: it works where neither may be used", async () => {
  const operator = createOperator(config);
  mkdirSync(operator.path("bin"));
  const trap = `#!/bin/sh\ntouch ${operator.path("crontab-was-called")}\nexit 1\n`;
  writeFileSync(operator.path("bin/crontab"), trap, { mode: 0o755 });
  const env = { ...operator.env, PATH: `${operator.path("bin")}:${operator.env.PATH}` };
  const words = ["schedule", "install", "--cron", "--root", "root"];
  const hardened = ["setpriv", "--no-new-privs", launcher, ...words];
  const { code, stderr } = await tryProgram(hardened, { cwd: operator.directory, env });
  assert.equal(code, 0, stderr);
  assert.ok(statSync(operator.path(cronPath)).isFile());
  assert.ok(!readdirSync(operator.directory).includes("crontab-was-called"));
});
