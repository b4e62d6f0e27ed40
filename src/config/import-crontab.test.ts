import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createConfigFolder } from "../../tests/fakes/written-config.ts";
import { importCrontab } from "./import-crontab.ts";

/** The five of the old guide, as they stood in /etc/cron.d/codex-backup. */
const five = `# Codex Backup Tasks
SHELL=/bin/bash
PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin

0 2 * * * root docker exec codex_postgres pg_dump -U codex codexdb > /backups/codexdb_$(date +\\%F).sql
15 2 * * * root cd /opt/Super-Codex-AI && /usr/bin/python scripts/generate_replay_capsule.py
30 2 * * * root sha256sum /opt/Super-Codex-AI/storage/replays/*.zip > /opt/Super-Codex-AI/storage/replays/checksums.txt
0 3 * * 0 root find /backups -name "codexdb_*.sql" -mtime +30 -delete
0 4 1 * * root find /opt/Super-Codex-AI/storage/replays -name "*.zip" -mtime +90 -delete
`;

test("the five lines of the old guide become the codex preset, but for the owner, which no line names", async (context) => {
  const folder = await createConfigFolder(context);
  const imported = importCrontab(five, "Europe/Berlin");
  assert.ok(imported.yaml !== null);
  const config = await folder.load(imported.yaml);
  const preset = await folder.load(folder.loader.preset({ kind: "codex", timezone: "Europe/Berlin" }));
  const withoutOwner = <T extends { readonly name: string }>(all: readonly T[]) =>
    all.map((one) => ({ ...one, ...("owner" in one ? { owner: null } : {}) }));
  assert.deepEqual(withoutOwner(config.jobs), withoutOwner(preset.jobs));
  assert.deepEqual(withoutOwner(config.destinations), withoutOwner(preset.destinations));
  assert.deepEqual([config.timezone, config.statePath], [preset.timezone, preset.statePath]);
  assert.deepEqual(
    imported.lines.map(({ number, outcome, job }) => [number, outcome, job]),
    [
      [2, "noted", null],
      [3, "noted", null],
      [5, "taken over", "database"],
      [6, "taken over", "capsule"],
      [7, "taken over", "checksums"],
      [8, "taken over", "database"],
      [9, "taken over", "capsule"],
    ],
  );
});

test("a clean-up that was switched off is not switched on", async () => {
  const { lines, yaml } = importCrontab(five.replace("0 3 * * 0", "#0 3 * * 0"), "UTC");
  const line = lines.find(({ number }) => number === 8);
  assert.equal(line?.outcome, "left out");
  assert.match(line?.notes[0] ?? "", /switched off.*days: 30/);
  assert.doesNotMatch(yaml ?? "", /days: 30/);
});

test("hosts, ports, formats, compressors and containers are read; passwords are neither kept nor shown", async (context) => {
  const folder = await createConfigFolder(context);
  const text = `PGPASSWORD=kanarienvogel
0 1 * * * pg_dump -h db.example -p 6543 -U app -Fc shop > /b/shop.dump
0 2 * * * PGPASSWORD='kanarien vogel' pg_dump --host=/run/pg --username=app wiki | gzip -9 > /b/wiki_$(date +\\%Y-\\%m-\\%d).sql.gz 2>> /var/log/w.log
0 3 * * * podman exec -i -u postgres pg1 pg_dump -d postgres://app:kanarienvogel@localhost/mail | zstd > "/b/mail-$(date +\\%s).sql.zst"
0 4 * * * /usr/bin/rsync -a /b/ /c/ > /dev/null 2>&1
0 5 * * * pg_dump shop > /b/other_$(date +%F).sql
0 6 * * * if true; then pg_dump x > /b/x.sql; fi
0 7 * * * cd /srv/app && zip -qr /b/app_$(date +\\%F).zip data/ notes.txt
`;
  const { yaml, lines } = importCrontab(text, "UTC");
  assert.doesNotMatch(JSON.stringify({ yaml, lines }), /kanarien/);
  const { jobs } = await folder.load(yaml ?? "");
  const seen = jobs.map((job) => {
    if (job.kind === "postgres") {
      const { host, port, user, transport } = job.source;
      const engine = transport.kind === "container" ? transport.engine : null;
      return [job.name, host, port, user, engine, job.format, job.compress, job.nameTemplate];
    }
    return job.kind === "command"
      ? [job.name, ...job.argv]
      : [job.name, job.kind === "capsule" ? job.source : null];
  });
  assert.deepEqual(seen, [
    ["database", "db.example", 6543, "app", null, "custom", "none", "shop_{date}"],
    ["database-2", "/run/pg", null, "app", null, "sql", "gzip", "wiki_{date}"],
    ["database-3", "localhost", null, "app", "podman", "sql", "zstd", "mail-{timestamp}"],
    ["capsule", { root: "/srv/app", include: ["data/**", "notes.txt"], exclude: [] }],
    ["rsync", "/usr/bin/rsync", "-a", "/b/", "/c/"],
  ]);
  const notes = (number: number) => lines.find((line) => line.number === number)?.notes.join("; ") ?? "";
  assert.match(notes(3), /passwordFile/);
  assert.match(notes(5), /without > \/dev\/null 2>&1/);
  assert.match(notes(6), /the first "%" ends its command/);
  assert.match(notes(7), /shell script/);
});

test("a clean-up sets the days of those jobs only whose files it would have removed", async (context) => {
  const folder = await createConfigFolder(context);
  const text = `0 2 * * * pg_dump shop > /b/shop_$(date +\\%F).sql
1 2 * * * pg_dump wiki | gzip > /b/wiki-$(date +\\%Y\\%m\\%d).sql.gz
2 2 * * * pg_dump mail > /b/mail_$(date +\\%F).sql
0 3 * * * find /b -type f -name "wiki-[0-9]*.sql.gz" -mtime +3 -exec rm -f {} \\;
0 4 * * * find /b -name "*.log" -mtime +1 -delete
0 5 * * * find /b -maxdepth 1 -name "*_????-??-??.sql" -mtime +60 -delete
0 6 * * * find /b -name "*.sql" ! -name "shop_*" -mtime +2 -delete
0 7 * * * find /b -name "*.tmp" -o -name "*.sql" -mtime +2 -delete
`;
  const { yaml, lines } = importCrontab(text, "UTC");
  const { jobs } = await folder.load(yaml ?? "");
  const days = jobs.map((job) => ("keep" in job ? [job.name, job.keep?.days ?? null] : []));
  assert.deepEqual(days, [
    ["database", 60],
    ["database-2", 3],
    ["database-3", 60],
  ]);
  assert.deepEqual(
    lines.slice(3).map(({ outcome, job }) => [outcome, job]),
    [
      ["taken over", "database-2"],
      ["left out", null],
      ["taken over", "database, database-3"],
      ["left out", null],
      ["left out", null],
    ],
  );
});

test("a dump that wrote over its older files is told to stay from now on", () => {
  const notes = (file: string) => importCrontab(`0 2 * * * pg_dump d > /b/${file}`, "UTC").lines[0]?.notes;
  for (const file of ["d.sql", "d-$(date +\\%a).sql", "d-`date +\\%u`.sql"])
    assert.match(notes(file)?.join() ?? "", /give the job a keep/, file);
  for (const file of ["d-$(date +\\%F).sql", "d-`date +\\%y\\%m\\%d`.sql", "d-$(date -u +\\%s).sql"])
    assert.deepEqual(notes(file), [], file);
});

test("the zone of a crontab is not lost without a word", () => {
  const { lines } = importCrontab("CRON_TZ=Asia/Tokyo\n0 2 * * * pg_dump d > /b/d.sql\n", "UTC");
  assert.match(lines[0]?.notes.join() ?? "", /import with --timezone Asia\/Tokyo/);
});

const words = [
  "0 2 * * *",
  "@daily",
  "root",
  "docker exec",
  "db",
  "pg_dump",
  "-U",
  "-h",
  "-Fc",
  "--",
  ">",
  "2>&1",
  "|",
  "gzip",
  "&&",
  "cd",
  "/opt/x",
  "/b/a_$(date +\\%F).sql",
  "sha256sum",
  "find",
  "-mtime +30",
  "-delete",
  "zip -r",
  "$",
  "'",
  '"',
  "`",
  "\\",
  "%",
  "\n",
  "PGHOST=x",
  "-",
  "..",
  "*",
];

test("no crontab makes the import throw, and what it writes is always a config that is accepted", async (context) => {
  const folder = await createConfigFolder(context);
  const line = fc.array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...words) }, fc.string()), {
    maxLength: 14,
  });
  const start = fc.constantFrom(
    "0 2 * * * root ",
    "5 1 * * * docker exec db pg_dump -U u d ",
    "0 4 * * * root find /b ",
    "",
  );
  const lines = fc.array(
    fc.tuple(start, line).map(([head, rest]) => head + rest.join(" ")),
    { maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(lines, async (all) => {
      const { yaml } = importCrontab(all.join("\n"), "UTC");
      if (yaml !== null) await folder.load(yaml);
    }),
    { numRuns: 400 },
  );
});
