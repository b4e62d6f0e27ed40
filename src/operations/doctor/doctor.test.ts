import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { type DoctorHome, openDoctorHome, withContext } from "../../../tests/fakes/doctor-scene.ts";
import {
  capsuleJob,
  checksumsJob,
  commandJob,
  localSource,
  postgresJob,
} from "../../../tests/fakes/real-context.ts";
import type { OutboxRow } from "../../domain/alerts/outbox.ts";
import { diagnose } from "../../domain/doctor/finding.ts";
import { instant } from "../../domain/instant.ts";
import type { DoctorReport } from "../operation.ts";
import { run } from "../run/run.ts";
import { checksOf } from "./checks.ts";
import { examine } from "./doctor.ts";
import { mend } from "./remedies.ts";
import type { DoctorScene } from "./scene.ts";

const { signal } = new AbortController();

function look(
  scene: DoctorScene,
  given: { readonly fix?: boolean; readonly run?: string } = {},
): Promise<DoctorReport> {
  return examine(scene, { fix: given.fix ?? false, run: given.run ?? null, signal });
}

function bad({ findings }: DoctorReport): readonly string[] {
  const quiet = ["ok", "note"];
  return findings.filter(({ severity }) => !quiet.includes(severity)).map(({ code }) => code);
}

/** The parts of a waiting message that nobody asks for here. */
const anyRow: OutboxRow = {
  seq: 1,
  channel: "ops",
  key: "job/capsule",
  content: { kind: "ping", ping: { job: "capsule", kind: "start", runId: "r", body: "" } },
  createdAt: instant(0),
  lapsesAt: null,
  attempts: 0,
  nextAt: instant(0),
  state: "waiting",
  endedAt: null,
  failure: null,
};

/** What no test machine of this kind has. */
const usual = ["clock.unknown", "clock.unsynchronised", "space.unknown"];

async function assertSays(home: DoctorHome, code: string, scene = home.scene): Promise<DoctorReport> {
  const report = await look(scene);
  assert.ok(
    report.findings.some((one) => one.code === code),
    `said: ${report.findings.map((one) => one.code).join(", ")}`,
  );
  return report;
}

test("on a machine where all is well it ends with 0 and leaves nothing behind", async () => {
  const { scene, path } = await openDoctorHome();
  const before = readdirSync(path("backups")).sort();
  const report = await look(scene);
  assert.equal(report.exit, 0);
  assert.deepEqual(
    bad(report).filter((code) => !usual.includes(code)),
    [],
  );
  assert.deepEqual(readdirSync(path("backups")).sort(), before);
  for (const code of ["destination.ok", "schedule.ok", "capsule.ok", "state.ok", "lock.ok"])
    assert.ok(
      report.findings.some((one) => one.code === code),
      code,
    );
});

test("everything that tonight needs is looked at", async () => {
  const { scene, path } = await openDoctorHome({
    jobs: (home) => [
      capsuleJob(`${home}/tree`, { to: ["backups"] }),
      postgresJob(localSource({ socketDirectory: home, port: 1, user: "x" })),
      commandJob(["/bin/true"]),
      checksumsJob("backups"),
    ],
  });
  const names = checksOf(scene).map(({ name }) => name);
  const wanted = [
    "config",
    "tool",
    "state",
    "destination",
    "capsule",
    "postgres",
    "command",
    "checksums",
    "space",
    "proof",
    "proof",
  ];
  assert.deepEqual(names, [...wanted, "keys", "schedule", "clock", "copies", "history", "lock", "alerts"]);
  const report = await look(scene);
  assert.equal(report.exit, 1);
  assert.ok(bad(report).includes("postgres.unreachable"), path());
});

test("a check that hangs is told after its time as unknown, and all others are told too", async () => {
  const { scene } = await openDoctorHome();
  const { clock, capsules } = scene.context;
  const hanging = { ...capsules, estimate: () => new Promise<never>(() => undefined) };
  const hurried = {
    ...clock,
    after: (ms: number, call: () => void) => clock.after(ms === 10_000 ? 1500 : ms, call),
  };
  const report = await look(withContext(scene, { capsules: hanging, clock: hurried }));
  assert.equal(report.exit, 3);
  const late = report.findings.find((one) => one.code === "doctor.timed-out");
  assert.equal(late?.severity, "unknown");
  assert.match(late?.message ?? "", /"capsule" of capsule: it did not end within 10 s/);
  assert.ok(report.findings.some((one) => one.code === "destination.ok"));
});

test("a check that breaks off stops no other", async () => {
  const { scene } = await openDoctorHome();
  const { catalog } = scene.context;
  const broken = {
    ...catalog,
    problems: () => {
      throw new Error("no such table");
    },
  };
  const report = await look(withContext(scene, { catalog: broken }));
  assert.equal(report.exit, 3);
  assert.match(report.findings.find((one) => one.code === "doctor.not-done")?.message ?? "", /no such table/);
  assert.ok(report.findings.some((one) => one.code === "destination.ok"));
});

test("--fix makes and marks a missing directory, private, and says so; a second look finds it well", async () => {
  const { scene, path } = await openDoctorHome();
  rmSync(path("backups"), { recursive: true });
  assert.equal((await look(scene)).exit, 1);
  assert.ok(!existsSync(path("backups")), "looking alone makes nothing");
  const report = await look(scene, { fix: true });
  const fixed = report.findings.filter(({ isFixed }) => isFixed);
  assert.deepEqual(
    fixed.map(({ code }) => code),
    ["destination.missing"],
  );
  assert.match(fixed[0]?.message ?? "", /mended: .*backups is there and marked as ours/);
  assert.equal(report.exit, 0);
  assert.equal(statSync(path("backups")).mode & 0o777, 0o700);
  assert.deepEqual(
    bad(await look(scene)).filter((code) => !usual.includes(code)),
    [],
  );
});

test("--fix does not mark the empty place of a share that /etc/fstab has and that is not mounted", async () => {
  const home = await openDoctorHome();
  rmSync(home.path("backups", ".codex-backup"));
  home.write("fstab", `server:/x ${home.path("backups")} nfs defaults 0 0\n`);
  home.write("mounts", "proc /proc proc rw 0 0\n");
  const report = await look(home.scene, { fix: true });
  assert.ok(bad(report).includes("destination.not-mounted"));
  assert.ok(!existsSync(home.path("backups", ".codex-backup")));
  home.write("mounts", `server:/x ${home.path("backups")} nfs rw 0 0\n`);
  assert.equal((await look(home.scene, { fix: true })).exit, 0);
});

test("--fix does not mark a directory of others, nor one whose disk with the backups is gone", async () => {
  const home = await openDoctorHome();
  rmSync(home.path("backups", ".codex-backup"));
  home.write("backups/holiday.jpg", "x");
  await look(home.scene, { fix: true });
  assert.ok(!existsSync(home.path("backups", ".codex-backup")));
  rmSync(home.path("backups", "holiday.jpg"));
  await home.scene.context.destinations.get("backups")?.initialise();
  const [report] = await run(home.scene.context, {
    jobs: ["capsule"],
    all: false,
    waitMs: 0,
    slot: null,
    signal,
  });
  assert.equal(report?.outcome, "complete");
  rmSync(home.path("backups"), { recursive: true });
  const after = await look(home.scene, { fix: true });
  assert.ok(bad(after).includes("destination.missing"));
  assert.ok(!existsSync(home.path("backups")));
});

test("dumps that every user can read are named, and --fix closes them", async () => {
  const home = await openDoctorHome();
  home.write("backups/codexdb_2026-11-01.sql", "--\n");
  chmodSync(home.path("backups/codexdb_2026-11-01.sql"), 0o644);
  const found = await assertSays(home, "destination.readable-backups");
  const [finding] = found.findings.filter((one) => one.code === "destination.readable-backups");
  assert.deepEqual(finding?.commands, [`chmod o-rwx ${home.path("backups/codexdb_2026-11-01.sql")}`]);
  await look(home.scene, { fix: true });
  assert.equal(statSync(home.path("backups/codexdb_2026-11-01.sql")).mode & 0o777, 0o600);
});

test("a symbolic link is never followed when modes are set", async () => {
  const home = await openDoctorHome();
  home.write("passwd", "everybody must read this\n", 0o644);
  chmodSync(home.path("passwd"), 0o644);
  symlinkSync(home.path("passwd"), home.path("backups/x.sql"));
  const report = await look(home.scene, { fix: true });
  assert.ok(!bad(report).includes("destination.readable-backups"));
  assert.equal(statSync(home.path("passwd")).mode & 0o777, 0o644);
  const remedy = { kind: "set-modes", paths: [home.path("backups/x.sql")], mode: 0o600 } as const;
  const told = diagnose("destination.readable-backups", "backups", { message: "swapped meanwhile", remedy });
  assert.match((await mend(home.scene, told)).message, /not mended: Cannot mend it: ELOOP/);
  assert.equal(statSync(home.path("passwd")).mode & 0o777, 0o644);
});

test("the mark of a held backup that was removed by hand is missed", async () => {
  const home = await openDoctorHome();
  const { context } = home.scene;
  const [report] = await run(context, { jobs: ["capsule"], all: false, waitMs: 0, slot: null, signal });
  const { hold } = await import("../hold.ts");
  const id = report?.backup?.id ?? "";
  await hold(context, { backup: id, who: "me", why: "audit" });
  assert.ok(!bad(await look(home.scene)).includes("destination.hold-lost"));
  rmSync(home.path("backups", `${id}.hold`));
  await assertSays(home, "destination.hold-lost");
});

test("another disk in the place of the one with the backups is a blocker", async () => {
  const home = await openDoctorHome();
  await run(home.scene.context, { jobs: ["capsule"], all: false, waitMs: 0, slot: null, signal });
  rmSync(home.path("backups"), { recursive: true });
  await home.scene.context.destinations.get("backups")?.initialise();
  assert.equal((await assertSays(home, "destination.changed")).exit, 1);
});

test("with a cron file and no cron, with neither, and with serve, it says who will start the jobs", async () => {
  const home = await openDoctorHome();
  rmSync(home.path("proc/77"), { recursive: true });
  assert.equal((await assertSays(home, "schedule.cron-dead")).exit, 1);
  rmSync(home.path("cron.d/codex-backup"));
  assert.equal((await assertSays(home, "schedule.nobody")).exit, 1);
  mkdirSync(home.path("proc/88"));
  home.write(
    "proc/88/cmdline",
    "/usr/bin/node\0/opt/codex-backup/src/main.ts\0--config\0/etc/other.yaml\0serve\0",
  );
  assert.equal((await assertSays(home, "schedule.nobody")).exit, 1);
  home.write("proc/88/cmdline", "/usr/local/bin/codex-backup\0serve\0");
  assert.equal((await look(home.scene)).exit, 0);
});

test("inside of a container without a cron, who starts the jobs is unknown, and that is not ok", async () => {
  const home = await openDoctorHome();
  rmSync(home.path("cron.d/codex-backup"));
  home.write("dockerenv", "");
  assert.equal((await assertSays(home, "schedule.unseen")).exit, 3);
  home.write("cron", "");
  assert.equal((await assertSays(home, "schedule.nobody")).exit, 1);
});

test("a cron file that cron would ignore is a blocker, whatever the reason", async () => {
  const home = await openDoctorHome();
  chmodSync(home.path("cron.d/codex-backup"), 0o666);
  assert.equal((await assertSays(home, "schedule.unit-mode")).exit, 1);
  chmodSync(home.path("cron.d/codex-backup"), 0o644);
  home.write("cron.d/codex-backup", "0 2 * * * nosuchuser /nowhere/codex-backup run capsule");
  for (const code of ["schedule.unit-user", "schedule.unit-program", "schedule.unit-end"])
    assert.equal((await assertSays(home, code)).exit, 1);
});

test("a timer that systemd does not run is a blocker, and one of another configuration is not ours", async () => {
  const home = await openDoctorHome();
  rmSync(home.path("cron.d/codex-backup"));
  const service = (config: string) =>
    home.write(
      "units/codex-backup-x.service",
      `[Service]\nExecStart=/bin/codex-backup --config ${config} -q run capsule\n`,
    );
  home.write("units/codex-backup-x.timer", "[Timer]\nOnCalendar=*-*-* 02:00:00\n");
  service("/etc/codex-backup/config.yaml");
  const report = await assertSays(home, "schedule.timer-inactive");
  assert.equal(report.exit, 1);
  assert.ok(!bad(report).includes("schedule.nobody"));
  service("/etc/other.yaml");
  await assertSays(home, "schedule.nobody");
});

test("messages that could not be delivered are told with the reason", async () => {
  const home = await openDoctorHome();
  const { context } = home.scene;
  const row = { attempts: 3, createdAt: instant(context.clock.now() - 9_000_000), failure: null };
  const catalog = { ...context.catalog, undelivered: () => [{ ...anyRow, ...row }] };
  const report = await look(withContext(home.scene, { catalog }));
  assert.ok(bad(report).includes("alerts.undelivered"));
});

test("what cron last wrote about us is shown", async () => {
  const home = await openDoctorHome();
  home.write(
    "log/cron.log",
    "Nov 22 02:00:01 h CRON[9]: (root) CMD (codex-backup run capsule)\nNov 23 other\n",
  );
  const report = await assertSays(home, "schedule.log");
  assert.ok(report.findings.some((one) => one.message.includes("Nov 22 02:00:01")));
});

test("a failed night, a run of the future and a run that goes on are told", async () => {
  const home = await openDoctorHome();
  const { context } = home.scene;
  rmSync(home.path("tree"), { recursive: true });
  await run(context, { jobs: ["capsule"], all: false, waitMs: 0, slot: null, signal });
  const report = await assertSays(home, "history.failed");
  assert.ok(bad(report).includes("capsule.root-missing"));
  const [row] = context.catalog.runs({ limit: 1 });
  assert.ok(row);
  const { host, clock } = context;
  const living = { ...row, runId: "20990101T000000Z-aaaa", finishedAt: null, outcome: null, pid: host.pid };
  context.catalog.startRun({ ...living, startedAt: instant(clock.now() - 86_400_000) });
  await assertSays(home, "lock.stuck");
  context.catalog.updateRun({ ...living, startedAt: instant(clock.now() + 86_400_000) });
  await assertSays(home, "clock.went-back");
});

test("scripts are read, not run: program, interpreter, grammar, packages", async () => {
  const script = async (text: string, argv = ["python3", "s.py"]) => {
    const home = await openDoctorHome({
      jobs: (at) => [commandJob(argv[0] === "./s.py" ? [`${at}/tree/s.py`] : argv, { cwd: `${at}/tree` })],
    });
    home.write("tree/s.py", text, 0o700);
    return { home, codes: bad(await look(home.scene)) };
  };
  assert.ok((await script("import json\nif x\n")).codes.includes("command.syntax"));
  assert.ok((await script("import no_such_package_x\n")).codes.includes("command.module-missing"));
  assert.ok((await script("", ["no-such-program"])).codes.includes("command.program-missing"));
  assert.ok((await script("", ["python3", "gone.py"])).codes.includes("command.script-missing"));
  assert.ok(
    (await script("#!/usr/bin/env no-such\n", ["./s.py"])).codes.includes("command.interpreter-missing"),
  );
  const ran = await script(
    "import json\nopen('ran', 'w')\ntry:\n  import no_such_y\nexcept ImportError: pass\n",
  );
  assert.deepEqual(
    ran.codes.filter((code) => code.startsWith("command.")),
    [],
  );
  assert.ok(!existsSync(ran.home.path("tree/ran")));
});

test("a signing key is missed, made by --fix, and then to be exported; one that others may read is named", async () => {
  const { scene, path } = await openDoctorHome();
  const keysOf = async (fix = false) =>
    (await look(scene, { fix })).findings.filter(({ check, isFixed }) => check === "keys" && !isFixed);
  assert.deepEqual(
    (await keysOf()).map(({ code }) => code),
    ["keys.ok"],
  );
  rmSync(path("state", "keys"), { recursive: true });
  assert.deepEqual(
    (await keysOf()).map(({ code }) => code),
    ["keys.none"],
  );
  assert.deepEqual(
    (await keysOf(true)).map(({ code }) => code),
    ["keys.not-exported"],
  );
  chmodSync(path("state", "keys", "signing.key"), 0o604);
  assert.deepEqual(
    (await keysOf(true)).map(({ code }) => code),
    ["keys.open"],
  );
  writeFileSync(path("state", "keys", "signing.key"), "damaged");
  chmodSync(path("state", "keys", "signing.key"), 0o600);
  assert.deepEqual(
    (await keysOf(true)).map(({ code }) => code),
    ["keys.unusable"],
  );
});

test("--run runs the command once and shows its last words", async () => {
  const { scene } = await openDoctorHome({
    jobs: () => [commandJob(["/bin/sh", "-c", "echo no module named x >&2; exit 3"])],
  });
  const report = await look(scene, { run: "script" });
  const [ran] = report.findings.filter((one) => one.code === "command.failed");
  assert.match(ran?.message ?? "", /exit status 3: no module named x/);
  assert.equal(report.exit, 1);
  assert.equal(scene.context.catalog.runs({ job: "script" }).length, 1);
  await assert.rejects(look((await openDoctorHome()).scene, { run: "capsule" }), /it is a capsule job/);
});
