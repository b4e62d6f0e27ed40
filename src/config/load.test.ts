import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { test } from "node:test";
import { plainTraits } from "../../tests/fakes/plain-traits.ts";
import { createConfigFolder } from "../../tests/fakes/written-config.ts";
import { Failure } from "../domain/failure.ts";
import { keepPolicyAt } from "../domain/jobs/job.ts";
import { neverProven } from "../domain/jobs/prove-settings.ts";

/** The example of the design, without what comes in later versions. */
const example = `version: 1
state: /var/lib/codex-backup            # catalog, run logs, work directory
timezone: Europe/Berlin
destinations:
  backups: { path: /backups }
  replays: { path: /opt/Super-Codex-AI/storage/replays }
jobs:
  database:
    schedule: "0 2 * * *"               # five fields
    postgres: { container: codex_postgres, user: codex, database: codexdb }
    format: sql
    compress: none
    to: [backups]
    name: "codexdb_{date}"
    owner: "codex:codex"
    maxAge: 26h
    copies: { required: 1 }
    fingerprint: stream
    keep: { days: 30, minimum: 3 }
    timeout: 2h
  capsule:
    schedule: "15 2 * * *"
    capsule: { root: /opt/Super-Codex-AI/storage, include: [audit.log, "ledger/**", "annals/**"], exclude: [] }
    to: [replays]
    name: "codex_replay_{timestamp}"
    keep: { days: 90, minimum: 3 }
  checksums:
    schedule: "30 2 * * *"
    checksums: { destination: replays }
  script:
    schedule: "45 2 * * *"
    command: { argv: [/usr/bin/python3, scripts/extra.py], cwd: /opt/Super-Codex-AI }
`;

const noRules = {
  days: null,
  last: null,
  hourly: null,
  daily: null,
  weekly: null,
  monthly: null,
  yearly: null,
  sizeBytes: null,
};
const hourMs = 3_600_000;

test("the example of the design is read, every default filled in", async (context) => {
  const folder = await createConfigFolder(context);
  const { jobs, destinations, ...rest } = await folder.load(example);
  assert.deepEqual(rest, {
    path: `${folder.path}/config.yaml`,
    statePath: "/var/lib/codex-backup",
    timezone: "Europe/Berlin",
    scheduler: { concurrency: 2, drainMs: 10 * 60_000 },
    configCopy: null,
    reading: { budgetBytes: null, withinMs: null, schedule: null, timezone: "Europe/Berlin" },
    http: null,
    trustedKeys: [],
    logs: { maxAgeMs: 180 * 86_400_000, maxBytes: 256e6, file: null, fileBytes: 10e6, files: 5 },
    telemetry: null,
    alerts: null,
    pings: null,
    secrets: [],
  });
  const owner = { user: "codex", group: "codex" };
  assert.deepEqual(destinations, [
    {
      kind: "local",
      name: "backups",
      path: "/backups",
      owner,
      fileMode: 0o600,
      directoryMode: 0o700,
      traits: plainTraits,
      keep: null,
      sworn: null,
      bandwidth: [],
    },
    {
      kind: "local",
      name: "replays",
      path: "/opt/Super-Codex-AI/storage/replays",
      owner: null,
      fileMode: 0o600,
      directoryMode: 0o700,
      traits: plainTraits,
      keep: null,
      sworn: null,
      bandwidth: [],
    },
  ]);
  const basis = {
    timezone: "Europe/Berlin",
    timeoutMs: 6 * hourMs,
    maxAgeMs: null,
    graceMs: null,
    due: { catchUp: "once", blackout: [], jitterMs: 0 },
  };
  const backup = {
    requiredCopies: 1,
    spoolBytes: 256_000_000,
    fileMode: 0o600,
    labels: {},
    stallMs: 15 * 60_000,
    prove: neverProven,
    rtoMs: null,
    encrypt: null,
    set: null,
  };
  assert.deepEqual(jobs, [
    {
      kind: "postgres",
      name: "database",
      schedule: "0 2 * * *",
      ...basis,
      timeoutMs: 2 * hourMs,
      maxAgeMs: 26 * hourMs,
      ...backup,
      to: ["backups"],
      nameTemplate: "codexdb_{date}",
      owner,
      keep: { ...noRules, days: 30, minimum: 3 },
      keepAt: {},
      source: {
        transport: { kind: "container", engine: "docker", select: { by: "name", name: "codex_postgres" } },
        host: null,
        port: null,
        user: "codex",
        password: null,
        parameters: {},
        clientDirectory: null,
      },
      databases: { kind: "named", names: ["codexdb"] },
      format: "sql",
      compress: "none",
      fingerprint: "stream",
      lockWaitMs: 5 * 60_000,
      onBlockedDdl: "wait",
      assertions: [],
      references: [],
    },
    {
      kind: "capsule",
      name: "capsule",
      schedule: "15 2 * * *",
      ...basis,
      ...backup,
      to: ["replays"],
      nameTemplate: "codex_replay_{timestamp}",
      owner: null,
      keep: { ...noRules, days: 90, minimum: 3 },
      keepAt: {},
      source: {
        root: "/opt/Super-Codex-AI/storage",
        include: ["audit.log", "ledger/**", "annals/**"],
        exclude: [],
      },
    },
    { kind: "checksums", name: "checksums", schedule: "30 2 * * *", ...basis, destination: "replays" },
    {
      kind: "command",
      name: "script",
      schedule: "45 2 * * *",
      ...basis,
      argv: ["/usr/bin/python3", "scripts/extra.py"],
      cwd: "/opt/Super-Codex-AI",
      env: {},
    },
  ]);
});

test("what is kept can be limited in size, and differ at a destination, for every job that writes there", async (context) => {
  const folder = await createConfigFolder(context);
  const { jobs, destinations } = await folder.load(`
destinations:
  near: { path: ./near }
  far: { path: ./far, keep: { monthly: 12, size: 500 GB } }
jobs:
  tree:
    capsule: { root: ./tree }
    to: [near, far]
    keep: { days: 30, minimum: 2 }
`);
  const [job] = jobs;
  assert.ok(job?.kind === "capsule");
  const far = { ...noRules, monthly: 12, sizeBytes: 500e9, minimum: 3 };
  assert.deepEqual(keepPolicyAt(job, "near"), { ...noRules, days: 30, minimum: 2 });
  assert.deepEqual(keepPolicyAt(job, "far"), far);
  assert.deepEqual(destinations[1]?.keep, far);
});

test("the shortest config keeps everything and is named by database and day", async (context) => {
  const folder = await createConfigFolder(context);
  const config = await folder.load(
    "destinations: { b: { path: there } }\njobs:\n  j: { to: b, postgres: { database: '*', except: [x] } }\n  c: { to: b, capsule: { root: data } }\n",
  );
  assert.equal(config.timezone, "UTC");
  const [there] = config.destinations;
  assert.ok(there?.kind === "local");
  assert.equal(there.path, `${folder.path}/there`);
  const [postgres, capsule] = config.jobs;
  assert.ok(postgres?.kind === "postgres" && capsule?.kind === "capsule");
  assert.deepEqual(postgres.keep, { ...noRules, minimum: 3 });
  assert.equal(postgres.nameTemplate, "{database}_{date}");
  assert.deepEqual(postgres.databases, { kind: "all", except: ["x"] });
  assert.equal(postgres.schedule, null);
  assert.equal(capsule.nameTemplate, "{job}_{timestamp}");
  assert.equal(capsule.source.root, `${folder.path}/data`);
});

test("every fault of a file is told at once, each with its place and the nearest known word", async (context) => {
  const folder = await createConfigFolder(context);
  const { code, lines } = await folder.refuse(`version: 1
timezon: UTC
timezone: Europe/Berlni
destinations:
  backups: { path: /backups, mode: 0644 }
jobs:
  database:
    shedule: "0 2 * * *"
    schedule: "0 0 2 * * *"
    postgres: { container: x, database: d, port: 70000 }
    to: [backup]
    name: "x_{dat}"
    keep: { days: -1, minimum: 0 }
    timeout: 0
    format: cusom
  other:
    postgress: {}
`);
  assert.equal(code, "config.invalid");
  assert.equal(lines[0], "Cannot use the config: 13 problems");
  const expected = [
    /^config.yaml:2:1: unknown key "timezon"; allowed: .*; did you mean "timezone"\?$/,
    /^config.yaml:3:11: timezone is "Europe\/Berlni"; .*did you mean "Europe\/Berlin"\?$/,
    /^config.yaml:5:36: destinations.backups.mode is "0644"; allowed: an octal mode without any bit for others/,
    /^config.yaml:8:5: unknown key "shedule" in jobs.database; .*did you mean "schedule"\?$/,
    /^config.yaml:9:15: jobs.database.schedule is "0 0 2 \* \* \*"; .*six fields.*did you mean "0 2 \* \* \*"\?$/,
    /^config.yaml:10:50: jobs.database.postgres.port is 70000; allowed: a port from 1 to 65535$/,
    /^config.yaml:11:10: jobs.database.to\[0\] names the unknown destination "backup"; .*did you mean "backups"\?$/,
    /^config.yaml:12:11: jobs.database.name is "x_\{dat\}"; .*none of \{date\}/,
    /^config.yaml:13:19: jobs.database.keep.days is -1; allowed: a whole number from 1$/,
    /^config.yaml:13:32: jobs.database.keep.minimum is 0; allowed: a whole number from 1$/,
    /^config.yaml:14:14: jobs.database.timeout is 0; allowed: a time such as 30m/,
    /^config.yaml:15:13: jobs.database.format is "cusom"; allowed: sql, custom; did you mean "custom"\?$/,
  ];
  for (const [index, pattern] of expected.entries()) assert.match(lines[index + 1] ?? "", pattern);
  assert.match(
    lines[13] ?? "",
    /^config.yaml:17:5: unknown key "postgress" in jobs.other; .*did you mean "postgres"\?$/,
  );
});

test("a key of a later version is refused by name, not ignored", async (context) => {
  const folder = await createConfigFolder(context);
  const later = `destinations:
  b: { path: /b }
  offsite: { gcs: { bucket: codex } }
jobs:
  j:
    postgres: { database: d }
    to: [b, offsite]
    format: split
`;
  const { lines } = await folder.refuse(later);
  const told = lines.slice(1).map((line) => line.replace(/^config.yaml:\d+:\d+: /, ""));
  const keys = ["destinations.offsite.gcs"];
  assert.deepEqual(
    told.toSorted(),
    [
      "jobs.j.format: split is not available in this version",
      ...keys.map((key) => `${key} is not available in this version; take it out`),
    ].toSorted(),
  );
});

const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

const frame = (job: string) =>
  `destinations: { b: { path: /b }, c: { path: /c, mode: "0640", owner: root } }\njobs:\n  j:\n${job}`;

/** What would lose data, lie, or never run, and what is said about it. */
const refusals: Readonly<Record<string, readonly [yaml: string, told: RegExp]>> = {
  "an unknown zone of one job": [
    frame("    {to: b, timezone: Mars, capsule: {root: /x}}"),
    /jobs.j.timezone is "Mars"/,
  ],
  "a cron that never comes": [
    frame('    {to: b, schedule: "0 0 30 2 *", capsule: {root: /x}}'),
    /never comes/,
  ],
  "references that no capsule could answer": [
    frame("    {to: b, set: night, references: [{sql: select 1}], postgres: {database: d}}"),
    /jobs.j.references finds no capsule in the set "night"/,
  ],
  "a folder of references that leads out of the capsule": [
    frame("    {to: b, references: [{sql: select 1, root: ../x}], postgres: {database: d}}"),
    /folder relative to the root/,
  ],
  "a hook without a program": [
    frame("    {to: b, hooks: {before: [[]]}, capsule: {root: /x}}"),
    /jobs.j.hooks.before/,
  ],
  "the same directory under two names": [
    "destinations: { a: { path: /b }, b: { path: /b/ } }\njobs: { j: { command: { argv: [x] } } }",
    /is the directory of "a" too/,
  ],
  "more required copies than destinations": [
    frame("    {to: b, copies: {required: 2}, capsule: {root: /x}}"),
    /required is 2, but there are 1 destinations/,
  ],
  "a destination named twice": [frame("    {to: [b, b], capsule: {root: /x}}"), /names "b" a second time/],
  "no destination": [frame("    {to: [], capsule: {root: /x}}"), /jobs.j.to is an empty list/],
  "several databases under one name": [
    frame('    {to: b, name: "x_{date}", postgres: {database: [x, y]}}'),
    /has no \{database\}/,
  ],
  "all databases under one name": [
    frame('    {to: b, name: "x_{date}", postgres: {database: "*"}}'),
    /has no \{database\}/,
  ],
  "a capsule named by database": [
    frame('    {to: b, name: "{database}_{date}", capsule: {root: /x}}'),
    /a capsule has none/,
  ],
  "a name without a date": [
    frame('    {to: b, name: "{database}", postgres: {database: x}}'),
    /neither \{date\} nor \{timestamp\}/,
  ],
  "a capsule of its own destination": [
    frame("    {to: b, capsule: {root: /}}"),
    /would pack its own destination "b"; allowed: exclude: \["b\/\*\*"\]/,
  ],
  "an absolute glob, which matches nothing": [
    frame("    {to: b, capsule: {root: /x, include: [/x/audit.log]}}"),
    /include\[0\] is "\/x\/audit.log"/,
  ],
  "an owner that contradicts the destination": [
    frame("    {to: c, owner: codex, capsule: {root: /x}}"),
    /differs from what else holds for the destination "c"/,
  ],
  "a mode that contradicts the destination": [
    frame('    {to: c, mode: "0600", capsule: {root: /x}}'),
    /jobs.j.mode differs/,
  ],
  "a world-readable mode": [
    frame('    {to: b, mode: "0604", capsule: {root: /x}}'),
    /without any bit for others/,
  ],
  "a mode that the owner cannot read": [
    frame('    {to: b, mode: "0040", capsule: {root: /x}}'),
    /that the owner can read and write/,
  ],
  "two kinds": [
    frame("    {to: b, capsule: {root: /x}, command: {argv: [x]}}"),
    /has both capsule and command/,
  ],
  "no kind": [frame("    {to: b}"), /has no kind; needed: exactly one of/],
  "a key of another kind": [
    frame("    {to: b, format: sql, capsule: {root: /x}}"),
    /unknown key "format" in jobs.j/,
  ],
  "no database": [frame("    {to: b, postgres: {user: x}}"), /postgres.database is missing/],
  "a star among names": [frame('    {to: b, postgres: {database: [x, "*"]}}'), /has "\*" beside other names/],
  "except without a star": [
    frame("    {to: b, postgres: {database: x, except: [y]}}"),
    /is given without "\*"/,
  ],
  "a container and ssh": [
    frame("    {to: b, postgres: {database: x, container: c, ssh: h}}"),
    /beside container/,
  ],
  "an ssh host that is an option": [
    frame('    {to: b, postgres: {database: x, ssh: "-oProxyCommand=x"}}'),
    /allowed: a host, or user@host/,
  ],
  "a container that is an option": [
    frame('    {to: b, postgres: {database: x, container: "--privileged"}}'),
    /allowed: a container's name/,
  ],
  "a socket and a host": [
    frame("    {to: b, postgres: {database: x, socket: /run, host: h}}"),
    /socket is given beside a host/,
  ],
  "a password among parameters": [
    frame("    {to: b, postgres: {database: x, parameters: {password: p}}}"),
    /unknown key "password"/,
  ],
  "an empty value": [frame("    {to: b, timeout: , capsule: {root: /x}}"), /jobs.j.timeout is empty/],
  "a label that YAML would change": [
    frame("    {to: b, labels: {app: 1.10}, capsule: {root: /x}}"),
    /put it in quotes/,
  ],
  "a copy of the config for nobody": [
    `${frame("    {to: b, capsule: {root: /x}}")}\nconfigCopy: {}\n`,
    /configCopy: names no recipient/,
  ],
  "a copy of the config at an unknown destination": [
    `${frame("    {to: b, capsule: {root: /x}}")}\nconfigCopy: { recipients: [${recipient}], to: [bb] }\n`,
    /configCopy.to\[0\] names the unknown destination "bb"; allowed: b/,
  ],
  "no jobs": ["jobs: {}\n", /jobs is empty; needed: at least one job/],
  "missing jobs": ["version: 1\n", /jobs is missing/],
  "another version": ["version: 2\njobs: { j: { command: { argv: [x] } } }", /version is 2; allowed: 1/],
  "a job that could escape its lock file": [
    'jobs: { "../j": { command: { argv: [x] } } }',
    /jobs has the name "..\/j"/,
  ],
  "an empty file": ["", /the file is empty/],
  "a list of jobs": ["jobs: [1]", /jobs is a list; allowed: a group of keys/],
};

for (const [title, [yaml, told]] of Object.entries(refusals)) {
  test(`${title} is refused`, async (context) => {
    const folder = await createConfigFolder(context);
    const { code, lines } = await folder.refuse(yaml);
    assert.equal(code, "config.invalid");
    assert.match(lines.slice(1).join("\n"), told);
    assert.equal(lines.length, 2, lines.join("\n"));
  });
}

test("two jobs that could give two backups one name are refused", async (context) => {
  const folder = await createConfigFolder(context);
  const job = (name: string, database: string) =>
    `{ to: b, name: "${name}", postgres: { database: ${database} } }`;
  const both = (one: string, other: string) =>
    `destinations: { b: { path: /b } }\njobs:\n  one: ${one}\n  two: ${other}\n`;
  const colliding = [
    both(job("{database}_{date}", "x"), job("x_{date}", "y")),
    both(job("{database}_{date}", "x"), job("{database}_{date}", '"*"')),
    both(job("{database}_{date}", "x"), job("{database}_{date}_{time}", "x")),
    both(job("x{timestamp}", "x"), job("{database}{timestamp}", "x")),
    both(job("{date}-a", "x"), job("{date}-{database}", '"*"')),
  ];
  for (const yaml of colliding) {
    const { lines } = await folder.refuse(yaml);
    assert.match(
      lines[1] ?? "",
      /^config.yaml:4:\d+: jobs.two.name can give the same name as the job "one" at the destination "b"/,
      yaml,
    );
  }
  const apart = [
    both(job("{database}_{date}", "x"), job("{database}_{date}", "y")),
    both(job("{job}_{database}_{date}", '"*"'), job("{job}-{date}", "x")),
    both(job("x_{date}", "x"), job("x_{timestamp}", "x")),
  ];
  for (const yaml of apart) assert.equal((await folder.load(yaml)).jobs.length, 2, yaml);
});

test("a mode may be written with or without quotes", async (context) => {
  const folder = await createConfigFolder(context);
  for (const mode of ["0640", '"0640"', "0o640", "640"]) {
    const { destinations } = await folder.load(
      `destinations: { b: { path: /b, mode: ${mode} } }\njobs: { j: { command: { argv: [x] } } }`,
    );
    const [b] = destinations;
    assert.ok(b?.kind === "local");
    assert.deepEqual([b.fileMode, b.directoryMode], [0o640, 0o750], mode);
  }
});

test("a file that is no YAML is refused with its place", async (context) => {
  const folder = await createConfigFolder(context);
  const bomb = [
    "a: &a [1,1,1,1,1,1,1,1]",
    ..."bcdefgh"
      .split("")
      .map((name, index) => `${name}: &${name} [${Array(8).fill(`*${"abcdefg"[index]}`).join(",")}]`),
  ].join("\n");
  const broken: readonly (readonly [yaml: string, told: RegExp])[] = [
    ["version: 1\nversion: 1\n", /^config.yaml:2:1: the key "version" stands twice/],
    ["jobs:\n\tj: 1\n", /^config.yaml:2:1: a tab indents this line/],
    ["jobs:\n  j: { postgres: { database: * } }\n", /^config.yaml:2:30: .*starts with a star in quotes/],
    ["jobs:\n  j:\n    name: {database}_{date}\n", /^config.yaml:3:\d+: .*starts with a brace in quotes/],
    ["a: 1\n---\nb: 1\n", /^config.yaml:2:1: a second document/],
    ["a: !foo x\n", /^config.yaml:1:4: Unresolved tag/],
    ["a: &a [*a]\n", /nested more than 40 deep/],
    [bomb, /too many aliases/],
  ];
  for (const [yaml, told] of broken) {
    const { code, lines } = await folder.refuse(yaml);
    assert.equal(code, "config.syntax", yaml);
    assert.match(lines[1] ?? "", told);
  }
});

test("a byte order mark does no harm, other encodings are named", async (context) => {
  const folder = await createConfigFolder(context);
  assert.equal((await folder.load("\ufeffjobs: { j: { command: { argv: [x] } } }")).jobs.length, 1);
  assert.match((await folder.refuse(Buffer.from([0xff, 0xfe, 0x61, 0]))).lines[0] ?? "", /it is UTF-16/);
  assert.match((await folder.refuse(Buffer.from("a: \xff", "latin1"))).lines[0] ?? "", /it is not UTF-8/);
});

test("a config that every user could write is not trusted, because it names programs to run", async (context) => {
  const folder = await createConfigFolder(context);
  const path = await folder.write("config.yaml", "jobs: { j: { command: { argv: [x] } } }");
  await chmod(path, 0o646);
  await assert.rejects(
    folder.loader.load(path),
    (error) =>
      error instanceof Failure && error.code === "config.unreadable" && /chmod o-w/.test(error.hint ?? ""),
  );
});

test("a file that is missing or a directory is told as such", async (context) => {
  const folder = await createConfigFolder(context);
  await assert.rejects(
    folder.loader.load(`${folder.path}/none.yaml`),
    (error) => error instanceof Failure && error.code === "config.missing",
  );
  await assert.rejects(
    folder.loader.load(folder.path),
    (error) =>
      error instanceof Failure &&
      error.code === "config.unreadable" &&
      /it is a directory/.test(error.message),
  );
});

test("a hook is one program or a list of them, and a path is taken from the file's directory", async (context) => {
  const folder = await createConfigFolder(context);
  const { jobs } = await folder.load(`
destinations: { b: { path: ./b } }
jobs:
  j:
    command: { argv: [x] }
    hooks: { before: [./on, "1"], after: [[off], [scripts/tell, a b]], timeout: 30s }
`);
  assert.deepEqual(jobs[0]?.hooks, {
    before: [[`${folder.path}/on`, "1"]],
    after: [["off"], [`${folder.path}/scripts/tell`, "a b"]],
    failed: [],
    timeoutMs: 30_000,
  });
});
