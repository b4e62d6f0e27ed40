import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { AuditKind } from "../copies/audit-finding.ts";
import { type CopiesRule, describeRule } from "../copies/copies-rule.ts";
import type { FailureReport } from "../failure.ts";
import type { FailureCode } from "../failure-table.ts";
import type { ConcernKind } from "../health/status-report.ts";
import { instant } from "../instant.ts";
import { type CheckCode, type CheckMeaning, checkTable } from "./check-table.ts";
import { judgeAlerts } from "./checks/alerts.ts";
import { judgeCapsule } from "./checks/capsule.ts";
import { judgeClock } from "./checks/clock.ts";
import { judgeCommand, judgeRan } from "./checks/command.ts";
import { judgeConfig } from "./checks/config.ts";
import { judgeAudit, judgeCopies } from "./checks/copies.ts";
import type { CronFile } from "./checks/cron-file.ts";
import { judgeDestination } from "./checks/destination.ts";
import { judgeEncryption, type RecipientLook } from "./checks/encryption.ts";
import { judgeHistory } from "./checks/history.ts";
import { type HookLook, judgeHooks } from "./checks/hooks.ts";
import { judgeKeys, type KeyFacts } from "./checks/keys.ts";
import { judgeLock } from "./checks/lock.ts";
import { judgeCoverage, judgeDatabase, judgeNoAccess } from "./checks/postgres.ts";
import { judgeProof, type ProvenDatabase } from "./checks/proof.ts";
import { judgeSchedule } from "./checks/schedule.ts";
import { judgeSpace } from "./checks/space.ts";
import { judgeState } from "./checks/state.ts";
import { judgeStorage } from "./checks/storage.ts";
import { judgeTool } from "./checks/tool.ts";
import { type Diagnosis, exitOfFindings } from "./finding.ts";

type Changed<T> = Partial<T>;
const failure = (code: FailureCode, hint: string | null = null): FailureReport => ({
  code,
  message: `Cannot do it: seen ${code}`,
  hint,
});

function audited(kind: AuditKind) {
  return judgeAudit({ destination: "backups", findings: [{ kind, name: "codexdb_2026-11-23" }] });
}

function ruleOf(lacking: CopiesRule["lacking"]) {
  const rule = { copies: 3, media: 2, offSite: 1 - lacking.length, immutable: 1, errors: 0, lacking };
  return { backup: "codexdb_2026-11-23", ...rule, summary: describeRule(rule) };
}

// For each judgement the facts of a healthy machine; a fixture changes as little of them as it can.

const config = (change: Changed<Parameters<typeof judgeConfig>[0]> = {}) =>
  judgeConfig({ path: "/etc/cb.yaml", failure: null, mode: 0o600, counts: "1 job", ...change });
const state = (change: Changed<Parameters<typeof judgeState>[0]> = {}) =>
  judgeState({
    path: "/var/lib/cb",
    user: "codex",
    mode: 0o700,
    owner: "codex",
    isWritable: true,
    freeBytes: 1e9,
    catalogFailure: null,
    catalogProblems: [],
    logBytes: 1000,
    ...change,
  });
const keys = (change: Changed<KeyFacts> = {}) =>
  judgeKeys({
    path: "/var/lib/cb/keys/signing.key",
    keyId: "0123456789ABCDEF",
    isExported: true,
    mode: 0o600,
    fault: null,
    ...change,
  });
const destination = (change: Changed<Parameters<typeof judgeDestination>[0]> = {}) =>
  judgeDestination({
    name: "backups",
    path: "/backups",
    user: "codex",
    owner: null,
    directoryMode: 0o700,
    fileMode: 0o600,
    mode: 0o700,
    ownedBy: "codex",
    failure: null,
    unmounted: null,
    isEmptyOrOurs: true,
    id: "a",
    warnings: [],
    knownIds: ["a"],
    probe: { isEqual: true, failure: null },
    readable: [],
    holdsLost: [],
    ...change,
  });
const storage = (change: Changed<Parameters<typeof judgeStorage>[0]> = {}) =>
  judgeStorage({
    name: "offsite",
    path: "s3://codex/nightly",
    failure: null,
    id: "a",
    warnings: [],
    knownIds: ["a"],
    probe: { isEqual: true, failure: null },
    holdsLost: [],
    ...change,
  });
const unusable = (code: FailureCode) =>
  destination({ failure: failure(code), id: null, knownIds: [], probe: null });
const space = (change: Changed<Parameters<typeof judgeSpace>[0]> = {}) =>
  judgeSpace({
    destination: "backups",
    path: "/backups",
    freeBytes: 1e9,
    freeInodes: 1e6,
    needs: [{ job: "database", bytes: 1e6 }],
    sharesDiskWith: [],
    ...change,
  });
const database = (change: Changed<Parameters<typeof judgeDatabase>[0]> = {}) =>
  judgeDatabase({
    job: "database",
    database: "codexdb",
    transport: "local",
    psql: "psql -d codexdb",
    serverVersion: "15.18",
    clientVersion: "15.18",
    isStandby: false,
    denied: [],
    missingLibraries: [],
    statementTimeout: null,
    clockOffsetMs: 20,
    ...change,
  });
const noAccess = (code: FailureCode) => [judgeNoAccess("database", failure(code))];
const library = (isNeededToRead: boolean) =>
  database({ missingLibraries: [{ library: "$libdir/x", example: "f()", isNeededToRead }] });
const capsule = (change: Changed<Parameters<typeof judgeCapsule>[0]> = {}) =>
  judgeCapsule({
    job: "capsule",
    root: "/tree",
    user: "codex",
    mode: 0o700,
    ownedBy: "codex",
    failure: null,
    files: 3,
    contentBytes: 300,
    unreadable: [],
    lookedAt: 4,
    ...change,
  });
const command = (change: Changed<Parameters<typeof judgeCommand>[0]> = {}) =>
  judgeCommand({
    job: "script",
    program: "python3",
    found: "/usr/bin/python3",
    isExecutable: true,
    searchPath: "/usr/bin:/bin",
    user: "codex",
    cwd: "/opt",
    isCwdUsable: true,
    script: { path: "/opt/s.py", isReadable: true },
    interpreter: null,
    syntaxError: null,
    missingModules: [],
    python: "/usr/bin/python3",
    ...change,
  });
const cronLine = "0 2 * * * root /usr/local/bin/codex-backup --config /etc/cb.yaml -q run database";
const cronFile = (change: Changed<CronFile> = {}): CronFile => ({
  path: "/etc/cron.d/codex-backup",
  text: `PATH=/usr/bin:/bin\n${cronLine}\n`,
  mode: 0o644,
  ownedBy: "root",
  ...change,
});
const timer = { unit: "codex-backup-database.timer", jobs: ["database"], isEnabled: true, isActive: true };
const schedule = (change: Changed<Parameters<typeof judgeSchedule>[0]> = {}) =>
  judgeSchedule({
    now: instant(Date.UTC(2026, 10, 23)),
    hostTimezone: "UTC",
    jobs: [{ name: "database", schedule: "0 2 * * *", timezone: "UTC" }],
    configPath: "/etc/cb.yaml",
    cronFiles: [cronFile()],
    isCronRunning: true,
    timers: [],
    timerTimes: [],
    serving: [],
    isSystemdHere: false,
    isContained: false,
    log: null,
    unknownUsers: [],
    missingPrograms: [],
    lacking: [],
    ...change,
  });
const installed = (change: Changed<CronFile>) => schedule({ cronFiles: [cronFile(change)] });
const now = instant(Date.UTC(2026, 10, 23));
const clock = (change: Changed<Parameters<typeof judgeClock>[0]> = {}) =>
  judgeClock({ now, isSynchronised: true, newest: null, unknownZones: [], ...change });
const lastRun = { outcome: "complete", ageMs: 3.6e6, failure: null, summary: "1 file" } as const;
const history = (change: Changed<Parameters<typeof judgeHistory>[0]> = {}) =>
  judgeHistory({
    job: "database",
    database: null,
    health: { healthy: true, reason: "fresh" },
    lastRun,
    ...change,
  });
const provenDatabase: ProvenDatabase = {
  database: null,
  rule: "fresh",
  reason: "its newest good backup is 6 h old",
  rtoMs: null,
  recovery: null,
  concerns: [],
};
const proof = (
  change: Changed<Parameters<typeof judgeProof>[0]> = {},
  database: Changed<ProvenDatabase> = {},
) =>
  judgeProof({
    job: "database",
    isProven: true,
    server: { description: "PostgreSQL 15.20, programs of this host", failure: null },
    room: { path: "/var/lib/cb", freeBytes: 1e9, needBytes: 1e8 },
    databases: [{ ...provenDatabase, ...database }],
    ...change,
  });
const concern = (kind: ConcernKind) =>
  proof(
    {},
    { concerns: [{ kind, message: "somebody should look", nextStep: "codex-backup status", since: null }] },
  );
const holder = { runId: "r1", pid: 12, host: "h", ageMs: 60_000 };
const alerts = (change: Changed<Parameters<typeof judgeAlerts>[0]> = {}) =>
  judgeAlerts({
    configPath: "/etc/cb.yaml",
    channels: ["ops"],
    isPinging: true,
    waiting: null,
    lookedMs: 0,
    ...change,
  });
const recipient = { recipient: "age1safe", custody: "exported", seenIn: null, keyHere: null } as const;
const encryption = (
  change: Changed<RecipientLook> = {},
  identity: Changed<NonNullable<Parameters<typeof judgeEncryption>[0]["identity"]>> | null = null,
  lackingKey: string | null = null,
) =>
  judgeEncryption({
    job: "database",
    recipients: [{ ...recipient, ...change }],
    identity: identity && { path: "/etc/cb.key", fault: null, recipients: [], ...identity },
    lackingKey,
  });
const hooks = (change: Changed<HookLook> = {}) =>
  judgeHooks("database", "codex", [
    {
      moment: "before",
      program: "quiesce",
      found: "/bin/quiesce",
      isExecutable: true,
      openTo: null,
      ...change,
    },
  ]);

/** What makes each code be said. A code without one fails the first test. */
const fixtures: Partial<Readonly<Record<CheckCode, () => readonly Diagnosis[]>>> = {
  "config.ok": () => config(),
  "config.missing": () => config({ failure: failure("config.missing"), mode: null }),
  "config.invalid": () => config({ failure: failure("config.syntax") }),
  "config.secret": () => config({ failure: failure("config.secret") }),
  "config.readable": () => config({ mode: 0o644 }),
  "state.ok": () => state(),
  "state.missing": () => state({ mode: null, owner: null }),
  "state.not-writable": () => state({ isWritable: false, owner: "root" }),
  "state.open": () => state({ mode: 0o755 }),
  "state.full": () => state({ freeBytes: 1000 }),
  "state.damaged": () => state({ catalogProblems: ["row 3 missing from index"] }),
  "state.newer": () => state({ catalogFailure: failure("catalog.newer") }),
  "state.unusable": () => state({ catalogFailure: failure("catalog.io") }),
  "state.logs-large": () => state({ logBytes: 1e9 }),
  "destination.ok": () => destination(),
  "destination.missing": () => unusable("destination.missing"),
  "destination.not-mounted": () => destination({ unmounted: "/backups" }),
  "destination.not-marked": () => unusable("destination.sentinel-missing"),
  "destination.foreign": () => unusable("destination.sentinel-foreign"),
  "destination.changed": () => destination({ id: "b" }),
  "destination.not-writable": () => unusable("destination.not-writable"),
  "destination.owner": () => unusable("destination.owner"),
  "destination.world-writable": () => unusable("destination.world-writable"),
  "destination.unreachable": () => unusable("destination.io"),
  "destination.denied": () => storage({ failure: failure("destination.denied"), id: null, probe: null }),
  "destination.host-key": () => storage({ failure: failure("destination.host-key"), id: null, probe: null }),
  "destination.probe-failed": () => destination({ probe: { isEqual: false, failure: null } }),
  "destination.open": () => destination({ mode: 0o755 }),
  "destination.closed-to-owner": () =>
    destination({ owner: { user: "codex", group: "codex" }, ownedBy: "root" }),
  "destination.readable-backups": () => destination({ readable: ["codexdb_2026-11-23.sql"] }),
  "destination.limited": () => destination({ warnings: ["/backups has no hard links"] }),
  "destination.hold-lost": () => destination({ holdsLost: ["database/x"] }),
  "space.ok": () => space(),
  "space.short": () => space({ freeBytes: 1e6 }),
  "space.tight": () => space({ freeBytes: 19e6 }),
  "space.few-inodes": () => space({ freeInodes: 3 }),
  "space.same-disk": () => space({ sharesDiskWith: ["the state directory"] }),
  "space.unknown": () => space({ needs: [{ job: "database", bytes: null }] }),
  "postgres.ok": () => database(),
  "postgres.client-missing": () => noAccess("postgres.client-missing"),
  "postgres.client-too-old": () => noAccess("postgres.client-too-old"),
  "postgres.client-unfit": () => noAccess("postgres.client-unfit"),
  "postgres.unreachable": () => noAccess("postgres.unreachable"),
  "postgres.starting-up": () => noAccess("postgres.starting-up"),
  "postgres.full": () => noAccess("postgres.too-many-connections"),
  "postgres.login": () => noAccess("postgres.login"),
  "postgres.database-missing": () => noAccess("postgres.database-missing"),
  "postgres.no-databases": () => noAccess("postgres.no-databases"),
  "postgres.pooler": () => noAccess("postgres.pooler"),
  "postgres.transport": () => noAccess("postgres.transport"),
  "postgres.permission": () => database({ denied: [failure("postgres.permission")] }),
  "postgres.row-security": () => database({ denied: [failure("postgres.row-security")] }),
  "postgres.library-missing": () => library(true),
  "postgres.function-library-missing": () => library(false),
  "postgres.standby": () => database({ isStandby: true }),
  "postgres.clock": () => database({ clockOffsetMs: -120_000 }),
  "postgres.uncovered": () =>
    judgeCoverage("database", { onServer: ["codexdb", "new"], covered: ["codexdb"] }),
  "postgres.timeout": () => database({ statementTimeout: "30s" }),
  "postgres.failed": () => noAccess("postgres.query"),
  "container.ok": () => database({ transport: "container" }),
  "container.engine": () => noAccess("postgres.container-engine"),
  "container.missing": () => noAccess("postgres.container-missing"),
  "container.stopped": () => noAccess("postgres.container-stopped"),
  "container.ambiguous": () => noAccess("postgres.container-ambiguous"),
  "capsule.ok": () => capsule(),
  "capsule.root-missing": () => capsule({ failure: failure("capsule.root-missing") }),
  "capsule.root-unreadable": () => capsule({ failure: failure("capsule.root-unreadable") }),
  "capsule.empty": () => capsule({ failure: failure("capsule.empty") }),
  "capsule.unreadable-files": () => capsule({ unreadable: ["ledger/a"] }),
  "capsule.failed": () => capsule({ failure: failure("capsule.read") }),
  "command.ok": () => command(),
  "command.program-missing": () => command({ found: null }),
  "command.not-executable": () => command({ isExecutable: false }),
  "command.cwd-missing": () => command({ isCwdUsable: false }),
  "command.script-missing": () => command({ script: { path: "/opt/s.py", isReadable: false } }),
  "command.interpreter-missing": () => command({ interpreter: { program: "/usr/bin/py", isThere: false } }),
  "command.syntax": () => command({ syntaxError: "invalid syntax (line 3)" }),
  "command.module-missing": () => command({ missingModules: ["requests"] }),
  "command.ran": () => [judgeRan("script", null)],
  "command.failed": () => [judgeRan("script", failure("command.failed"))],
  "encryption.ok": () => encryption(),
  "encryption.not-exported": () => encryption({ custody: null }),
  "encryption.only-seen": () => encryption({ custody: null, seenIn: "codexdb_2026-11-22" }),
  "encryption.key-here": () => encryption({ keyHere: "/var/lib/cb/keys/identity-age1safe.txt" }),
  "encryption.identity-here": () => encryption({}, { recipients: ["age1safe"] }),
  "encryption.identity-missing": () => encryption({}, null, "its proofs will fail"),
  "encryption.identity-unusable": () => encryption({}, { recipients: ["age1other"] }),
  "hooks.ok": () => hooks(),
  "hooks.before-missing": () => hooks({ found: null }),
  "hooks.program-missing": () => hooks({ moment: "failed", isExecutable: false }),
  "hooks.world-writable": () => hooks({ openTo: { path: "/opt/x", mode: 0o777 } }),
  "schedule.ok": () => schedule(),
  "schedule.nobody": () => schedule({ cronFiles: [] }),
  "schedule.unseen": () => schedule({ cronFiles: [], isContained: true }),
  "schedule.cron-dead": () => schedule({ isCronRunning: false }),
  "schedule.unit-name": () => installed({ path: "/etc/cron.d/codex-backup.cron" }),
  "schedule.unit-mode": () => installed({ mode: 0o664 }),
  "schedule.unit-owner": () => installed({ ownedBy: "codex" }),
  "schedule.unit-end": () => installed({ text: cronLine }),
  "schedule.unit-carriage-return": () => installed({ text: `${cronLine}\r\n` }),
  "schedule.unit-percent": () => installed({ text: `${cronLine} > /x_$(date +%F)\n` }),
  "schedule.unit-line": () => installed({ text: `${cronLine}\n0 2 * * root x\n` }),
  "schedule.unit-user": () => schedule({ unknownUsers: ["root"] }),
  "schedule.unit-program": () => schedule({ missingPrograms: ["/usr/local/bin/codex-backup"] }),
  "schedule.unit-path": () =>
    schedule({ lacking: [{ program: "docker", path: "/bin", file: "/etc/cron.d/codex-backup" }] }),
  "schedule.unit-config": () => schedule({ configPath: "/srv/other.yaml" }),
  "schedule.not-started": () =>
    schedule({ jobs: [{ name: "capsule", schedule: "0 3 * * *", timezone: "UTC" }] }),
  "schedule.differs": () => installed({ text: `${cronLine.replace("0 2", "30 4")}\n` }),
  "schedule.timer-inactive": () => schedule({ cronFiles: [], timers: [{ ...timer, isActive: false }] }),
  "schedule.two": () => schedule({ serving: [77] }),
  "schedule.log": () => schedule({ log: { line: "CRON[1]: (root) CMD (codex-backup)" } }),
  "schedule.log-unknown": () => schedule({ log: "unreadable" }),
  "clock.ok": () => clock(),
  "clock.unsynchronised": () => clock({ isSynchronised: false }),
  "clock.unknown": () => clock({ isSynchronised: null }),
  "clock.went-back": () => clock({ newest: { what: "run r1", at: instant(now + 9e8) } }),
  "clock.no-zone": () => clock({ unknownZones: ["Mars/Olympus"] }),
  "history.ok": () => history(),
  "history.none": () => history({ lastRun: null }),
  "history.failed": () => history({ lastRun: { ...lastRun, outcome: "failed" } }),
  "history.incomplete": () => history({ lastRun: { ...lastRun, outcome: "incomplete" } }),
  "history.stale": () =>
    history({ health: { healthy: false, reason: "its newest good backup is 30 h old" } }),
  "keys.ok": () => keys(),
  "keys.none": () => keys({ keyId: null, mode: null }),
  "keys.not-exported": () => keys({ isExported: false }),
  "keys.open": () => keys({ keyId: null, mode: 0o644, fault: "others may read it" }),
  "keys.unusable": () => keys({ keyId: null, fault: "it is damaged" }),
  "lock.ok": () => judgeLock({ job: "database", holder: null }),
  "lock.held": () => judgeLock({ job: "database", holder }),
  "proof.ok": () => proof(),
  "proof.no-server": () =>
    proof({ server: { description: null, failure: failure("postgres.no-server-programs") } }),
  "proof.space": () => proof({ room: { path: "/var/lib/cb", freeBytes: 1e7, needBytes: 1e8 } }),
  "proof.missed": () => proof({}, { rule: "proof", reason: "a proof was due 3 h ago" }),
  "proof.mismatch": () => proof({}, { rule: "mismatch", reason: "the proof does not agree" }),
  "proof.rto": () => proof({}, { rule: "rto", reason: "its last measured restore took 40 min" }),
  "proof.unmeasured": () => proof({}, { rtoMs: 1_800_000 }),
  "proof.suspect": () => concern("suspect"),
  "proof.key": () => concern("key"),
  "proof.failed": () => concern("unproven"),
  "proof.nothing": () => concern("empty"),
  "history.damaged": () => concern("damaged"),
  "history.gone": () => concern("gone"),
  "history.not-pruned": () => concern("pruning"),
  "history.unread": () => concern("unread"),
  "copies.ok": () => judgeCopies({ subject: "database", rule: ruleOf([]) }),
  "copies.unknown": () => audited("unknown"),
  "copies.orphaned": () => audited("orphaned"),
  "copies.over-retained": () => audited("over-retained"),
  "copies.rule": () => judgeCopies({ subject: "database", rule: ruleOf(["offSite"]) }),
  "lock.stuck": () => judgeLock({ job: "database", holder: { ...holder, ageMs: 9e7 } }),
  "alerts.ok": () => alerts(),
  "alerts.nobody": () => alerts({ channels: [], isPinging: false }),
  "alerts.no-watcher": () => alerts({ isPinging: false }),
  "alerts.nobody-looks": () => alerts({ lookedMs: null }),
  "alerts.undelivered": () => alerts({ waiting: { count: 2, oldestMs: 9e6, lastError: "refused" } }),
  "tool.ok": () => judgeTool({ version: "1.0.0", nodeVersion: "26.10.0" }),
  "tool.old-node": () => judgeTool({ version: "1.0.0", nodeVersion: "20.1.0" }),
};

/** Said where things are done; the test that makes each be said. */
const elsewhere: Partial<Readonly<Record<CheckCode, string>>> = {
  "doctor.not-done": "src/operations/doctor/doctor.test.ts",
  "doctor.timed-out": "src/operations/doctor/doctor.test.ts",
  "schedule.program-fails": "tests/end-to-end/doctor.test.ts",
  "schedule.as-cron": "tests/end-to-end/doctor.test.ts",
};

const codes = Object.keys(checkTable) as readonly CheckCode[];
const healthy = [
  ...[config(), state(), destination(), space(), database(), capsule(), command(), schedule(), clock()],
  ...[
    history(),
    judgeLock({ job: "database", holder: null }),
    keys(),
    proof(),
    alerts(),
    judgeTool({ version: "1", nodeVersion: "24.0.0" }),
  ],
].flat();

test("every code of the table has a fixture that makes it be said, or a test elsewhere that does", () => {
  for (const code of codes) {
    const place = elsewhere[code];
    if (place === undefined) assert.ok(fixtures[code], `${code} has no fixture`);
    else
      assert.ok(
        existsSync(place) && readFileSync(place, "utf8").includes(`"${code}"`),
        `${code} is not in ${place}`,
      );
  }
});

for (const code of codes.filter((one) => fixtures[one])) {
  test(`${code} is said when its condition holds, and not of a healthy machine`, () => {
    const found = fixtures[code]?.() ?? [];
    const said = found.find((one) => one.code === code);
    assert.ok(said, `said instead: ${found.map((one) => one.code).join(", ")}`);
    const { severity }: CheckMeaning = checkTable[code];
    assert.equal(said.severity, severity);
    assert.ok(said.message.length > 10 && !said.message.endsWith("."), said.message);
    if (severity !== "ok")
      assert.ok(!healthy.some((one) => one.code === code), `${code} is said of a healthy machine`);
  });
}

test("a healthy machine has no finding but ok, and ends with 0", () => {
  assert.deepEqual(
    healthy.filter(({ severity }) => severity !== "ok").map(({ code }) => code),
    [],
  );
  assert.equal(exitOfFindings(healthy), 0);
});

test("a cron file with a line for the start of the machine is well, one that begins with a byte order mark is not", () => {
  const lineFaults = (text: string) =>
    installed({ text }).filter(({ code }) => code === "schedule.unit-line");
  assert.deepEqual(lineFaults(`@reboot root /bin/true\n${cronLine}\n`), []);
  const [marked] = lineFaults(`\uFEFF# ours\n${cronLine}\n`);
  assert.deepEqual(marked?.commands, ["sed -i '1s/^\\xEF\\xBB\\xBF//' /etc/cron.d/codex-backup"]);
});

test("a line that is there twice is told as that, not as a time that differs", () => {
  const copy = cronFile({ path: "/etc/cron.d/codex-old" });
  const found = schedule({ cronFiles: [cronFile(), copy] });
  assert.deepEqual(
    found.filter(({ severity }) => severity !== "ok").map(({ code }) => code),
    ["schedule.two"],
  );
  assert.match(found.map(({ message }) => message).join(), /codex-backup line 2 and .*codex-old line 2/);
});

test("a line that was switched off is put back by the command that is told", () => {
  const commandsOf = (found: readonly Diagnosis[]) => found.flatMap(({ commands }) => commands);
  const install = "codex-backup --config /etc/cb.yaml schedule install --cron";
  assert.deepEqual(commandsOf(installed({ text: `#${cronLine}\n` })), [`${install} --reset-times`]);
  assert.deepEqual(commandsOf(schedule({ cronFiles: [] })), [install]);
});

test("a job that is new is added in the way that starts the others, also where the other way could", () => {
  const jobs = ["database", "capsule"].map((name) => ({ name, schedule: "0 2 * * *", timezone: "UTC" }));
  const commandOf = (change: Parameters<typeof schedule>[0]) =>
    schedule({ jobs, isSystemdHere: true, ...change }).find(({ code }) => code === "schedule.not-started")
      ?.commands[0];
  assert.match(commandOf({}) ?? "", / schedule install --cron /);
  assert.match(commandOf({ cronFiles: [], timers: [timer] }) ?? "", / schedule install --systemd /);
});

test("a line starts the proofs of a job where it names them, and not where it names the job", () => {
  const jobs = [{ name: "database:prove", schedule: "0 2 * * *", timezone: "UTC" }];
  const codes = (text: string) =>
    schedule({ jobs, cronFiles: [cronFile({ text: `${text}\n` })] }).map(({ code }) => code);
  assert.deepEqual(codes(cronLine.replace("run database", "run database:prove")), ["schedule.ok"]);
  assert.ok(codes(cronLine).includes("schedule.not-started"));
});

test("a shell that is not there starts nothing", () => {
  const cronFiles = [cronFile({ text: `SHELL=/bin/nosh\n${cronLine}\n` })];
  const found = schedule({ cronFiles, missingPrograms: ["/bin/nosh"] });
  assert.deepEqual(
    found.map(({ code }) => code),
    ["schedule.unit-program"],
  );
});

test("the PATH of a file that serves another configuration is not looked at", () => {
  const other = { path: "/etc/cron.d/other", text: `${cronLine.replace("cb.yaml", "other.yaml")}\n` };
  const lacking = [{ program: "docker", path: "/bin", file: other.path }];
  const found = schedule({ cronFiles: [cronFile(), cronFile(other)], lacking });
  assert.ok(found.every(({ code }) => code !== "schedule.unit-path"));
});

test("a blocker never stands beside the ok of the same thing", () => {
  for (const [code, fixture] of Object.entries(fixtures)) {
    const found = fixture();
    const blocked = found
      .filter(({ severity }) => severity === "blocker")
      .map(({ subject, check }) => `${check} ${subject}`);
    const well = found
      .filter(({ severity }) => severity === "ok")
      .map(({ subject, check }) => `${check} ${subject}`);
    assert.deepEqual(
      well.filter((one) => blocked.includes(one)),
      [],
      code,
    );
  }
});

test("one blocker ends with 1, warnings and notes do not; what is needed and unknown ends with 3", () => {
  const of = (code: CheckCode, isFixed = false) => ({ code, isFixed });
  assert.equal(exitOfFindings([of("alerts.nobody"), of("schedule.nobody")]), 1);
  assert.equal(exitOfFindings([of("alerts.nobody"), of("clock.unknown"), of("space.same-disk")]), 0);
  assert.equal(exitOfFindings([of("doctor.timed-out")]), 3);
  assert.equal(exitOfFindings([of("doctor.timed-out"), of("space.short")]), 1);
  assert.equal(exitOfFindings([of("destination.missing", true)]), 0);
});

test("a directory that its files' owner can enter in any way is not called closed", () => {
  const owner = { user: "codex", group: "codex" };
  const said = (change: Parameters<typeof destination>[0]) =>
    destination({ owner, ownedBy: "root", ...change }).some(
      ({ code }) => code === "destination.closed-to-owner",
    );
  assert.ok(said({ mode: 0o700 }));
  assert.deepEqual(destination({ owner, ownedBy: "root" }).at(-1)?.commands, ["chown codex:codex /backups"]);
  assert.ok(!said({ mode: 0o750 }) && !said({ mode: 0o755 }) && !said({ ownedBy: "codex" }));
  assert.ok(!said({ owner: null }) && !said({ mode: null }));
});

test("a share that is not mounted is never marked: neither one of fstab nor one that had backups", () => {
  const lost = { failure: failure("destination.sentinel-missing"), id: null, probe: null };
  const facts = [
    destination({ ...lost, unmounted: "/backups", knownIds: [] }),
    destination({ ...lost, knownIds: ["a"] }),
    destination({ ...lost, knownIds: [], isEmptyOrOurs: false }),
    destination({ ...lost, failure: failure("destination.missing"), knownIds: ["a"] }),
  ];
  for (const found of facts)
    assert.deepEqual(
      found.filter(({ remedy }) => remedy !== null),
      [],
    );
  const [first] = destination({ ...lost, knownIds: [] });
  assert.deepEqual(first?.remedy, { kind: "initialise", destination: "backups" });
});

test("the commands name real users, paths and modes, quoted where they must be", () => {
  const [found] = destination({
    path: "/my backups",
    owner: { user: "codex", group: "ops" },
    failure: failure("destination.not-writable"),
    ownedBy: "root",
    mode: 0o755,
  });
  assert.deepEqual(found?.commands, ["chown -R codex:ops '/my backups'"]);
  assert.match(found?.message ?? "", /runs as "codex"; it belongs to "root", mode 0755/);
});

test("a storage elsewhere that was marked before is not marked again, and another place is told", () => {
  const lost = { failure: failure("destination.sentinel-missing"), id: null, probe: null };
  assert.deepEqual(storage({ ...lost, knownIds: [] })[0]?.commands, [
    "codex-backup destination init offsite",
  ]);
  assert.deepEqual(storage(lost)[0]?.commands, ["codex-backup destination test offsite"]);
  assert.equal(storage({ id: "b" })[0]?.code, "destination.changed");
  assert.equal(storage()[0]?.code, "destination.ok");
});

test("a time that another zone writes otherwise is no difference", () => {
  const berlin = [{ name: "database", schedule: "0 2 * * *", timezone: "Etc/GMT-3" }];
  const text = `${cronLine.replace("0 2 ", "0 23 ")}\n`;
  const found = schedule({ jobs: berlin, cronFiles: [cronFile({ text })] });
  assert.deepEqual(
    found.map(({ code }) => code),
    ["schedule.ok"],
  );
});

test("jobs without a schedule need nobody to start them", () => {
  const found = schedule({ jobs: [{ name: "database", schedule: null, timezone: "UTC" }], cronFiles: [] });
  assert.deepEqual(
    found.map(({ code }) => code),
    ["schedule.ok"],
  );
});

test("lines of another configuration start none of these jobs, whatever their names", () => {
  const found = schedule({ configPath: "/srv/other.yaml" });
  assert.ok(found.some(({ code }) => code === "schedule.nobody"));
});

test("a timer that fires at another time than the configuration says is told", () => {
  const times = [{ cron: "0 5 * * *", timezone: "UTC" }];
  const installed = { by: "systemd", path: "/etc/systemd/system/x.timer", times, unreadable: [] } as const;
  const found = schedule({ cronFiles: [], timers: [timer], timerTimes: [{ job: "database", installed }] });
  assert.deepEqual(
    found.map(({ code }) => code),
    ["schedule.ok", "schedule.differs"],
  );
});

test("clean-up lines that are switched off start nothing", () => {
  const found = installed({ text: `# codex-backup\n#${cronLine}\n` });
  assert.ok(found.some(({ code }) => code === "schedule.nobody"));
});

test("a job that is never proven needs neither a server nor room for it, and its rto is told all the same", () => {
  const nothing = {
    server: { description: null, failure: failure("postgres.no-server-programs") },
    isProven: false,
  };
  assert.deepEqual(proof({ ...nothing, room: { path: "/", freeBytes: 0, needBytes: 1 } }), []);
  const [found] = proof(nothing, { rtoMs: 1_800_000 });
  assert.match(
    found?.message ?? "",
    /^its rto is 30 min 0 s, and no restore was measured yet: none will be until prove/,
  );
  assert.deepEqual(
    proof({}, { rtoMs: 1_800_000, recovery: { estimateMs: 1000 } }).map(({ code }) => code),
    ["proof.ok"],
  );
});
