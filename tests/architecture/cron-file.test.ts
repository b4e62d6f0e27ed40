import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { formatCronUnit } from "../../src/domain/cron/cron-unit.ts";

const text = readFileSync("ops/codex-backup.cron", "utf8");
const active = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

test("the cron file is what an install writes for the codex preset on a host in the jobs' zone", () => {
  const jobs = [
    { name: "database", times: ["0 2 * * *"], asWritten: ["0 2 * * *"], hasBackups: true },
    { name: "capsule", times: ["15 2 * * *"], asWritten: ["15 2 * * *"], hasBackups: true },
    { name: "checksums", times: ["30 2 * * *"], asWritten: ["30 2 * * *"], hasBackups: false },
  ];
  const program = "/usr/local/bin/codex-backup";
  const command = { program, configPath: "/etc/codex-backup/config.yaml", user: "root" };
  assert.equal(text, formatCronUnit(command, { jobs }));
});

test("the cron file runs the three tasks at their old times, as root, by absolute paths", () => {
  const tasks = active.filter((line) => /^\d/.test(line));
  const program = "/usr/local/bin/codex-backup --config /etc/codex-backup/config.yaml -q run";
  assert.deepEqual(tasks, [
    `0 2 * * * root ${program} database --scheduled`,
    `15 2 * * * root ${program} capsule --scheduled`,
    `30 2 * * * root ${program} checksums --scheduled`,
  ]);
});

test("the cron file has what cron trips over: a final line end, no per cent sign, its own PATH, SHELL and MAILTO", () => {
  assert.ok(text.endsWith("\n"));
  assert.ok(!text.includes("%"));
  for (const name of ["PATH", "SHELL", "MAILTO"]) {
    assert.equal(active.filter((line) => line.startsWith(`${name}=`)).length, 1, name);
  }
  assert.ok(active.some((line) => /^PATH=.*\/usr\/local\/bin.*\/usr\/bin/.test(line)));
});

test("the clean-up lines are there, switched off, and become cron lines when their # goes", () => {
  const cleanUps = text.split("\n").filter((line) => /^#\d/.test(line));
  assert.deepEqual(
    cleanUps.map(
      (line) => /^#(\S+ \S+ \* \* \S+|\S+ \S+ 1 \* \*) root \/\S+ .* prune --job (\S+)$/.exec(line)?.[2],
    ),
    ["database", "capsule"],
  );
});
