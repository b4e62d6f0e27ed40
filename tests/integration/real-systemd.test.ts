import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type SystemdHost, startSystemd, toolInside } from "../servers/systemd.ts";

/** Every minute, so that a test sees a timer elapse; the database is the host's own. */
const config = `
version: 1
state: /var/lib/codex-backup
timezone: UTC
destinations:
  backups: { path: /backups, owner: "postgres:postgres" }
jobs:
  database:
    schedule: "* * * * *"
    postgres: { socket: /var/run/postgresql, user: postgres, database: postgres }
    to: [backups]
    name: "db_{timestamp}"
`;

interface Run {
  readonly slot: number | null;
  readonly outcome: string;
}

/** The runs of the job, oldest first, as the catalog has them. */
async function runsOf(host: SystemdHost): Promise<readonly Run[]> {
  const query = `import { DatabaseSync } from "node:sqlite";
    const rows = new DatabaseSync("/var/lib/codex-backup/catalog.db", { readOnly: true })
      .prepare("select slot_ms as slot, outcome from runs where job = 'database' order by seq").all();
    console.log(JSON.stringify(rows));`;
  const node = toolInside.replace("bin/codex-backup", "node_modules/node/bin/node");
  const { stdout } = await host.try(node, "--input-type=module", "-e", query);
  return stdout === "" ? [] : JSON.parse(stdout);
}

async function waitFor(
  host: SystemdHost,
  isDone: (runs: readonly Run[]) => boolean,
): Promise<readonly Run[]> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const runs = await runsOf(host);
    if (isDone(runs)) return runs;
    await delay(500);
  }
  const log = await host.try("journalctl", "--no-pager", "-u", "codex-backup-*");
  throw new Error(`the run did not come:\n${JSON.stringify(await runsOf(host))}\n${log.stdout}`);
}

test("a real systemd runs the nightly task at its minute, and after two slots without it exactly once", async () => {
  const host = await startSystemd();
  try {
    await host.write("/etc/codex-backup/config.yaml", config);
    await host.run("install", "-d", "-o", "postgres", "-m", "700", "/backups", "/var/lib/codex-backup");
    await host.run("chown", "-R", "postgres", "/etc/codex-backup");
    await host.run("runuser", "-u", "postgres", "--", toolInside, "destination", "init", "--all");
    const installed = await host.run(toolInside, "schedule", "install", "--systemd", "--user", "postgres");
    assert.match(
      installed,
      /^Ran: systemctl enable --now codex-backup-database\.timer codex-backup-watch\.timer$/m,
    );
    const timers = await host.run("systemctl", "list-timers", "--no-pager");
    for (const unit of ["codex-backup-database", "codex-backup-watch"]) {
      assert.match(timers, new RegExp(`${unit}\\.timer +${unit}\\.service`));
    }

    const [first] = await waitFor(host, (runs) => runs.some(({ outcome }) => outcome !== null));
    assert.equal(first?.outcome, "complete");
    assert.ok(first.slot !== null);
    const journal = await host.run("journalctl", "--no-pager", "-u", "codex-backup-database.service");
    assert.match(journal, /database \(postgres\) +complete/);

    await host.run("systemctl", "stop", "codex-backup-database.timer");
    const before = await runsOf(host);
    const until = Math.ceil(Date.now() / 60_000) * 60_000 + 61_000; // two slots pass
    await delay(until - Date.now());
    assert.deepEqual(await runsOf(host), before, "nothing runs while the timer is stopped");
    await host.run("systemctl", "start", "codex-backup-database.timer");
    const after = await waitFor(host, (runs) => runs.length > before.length && runs.at(-1)?.outcome !== null);
    assert.equal(after.length, before.length + 1, "two slots were missed, and one run makes up for them");
    assert.equal(after.at(-1)?.outcome, "complete");
    await host.run("systemctl", "start", "codex-backup-database.service");
    assert.equal((await runsOf(host)).length, after.length, "the slot is not run twice");

    const removed = await host.run(toolInside, "schedule", "uninstall");
    assert.match(removed, /Removed \/etc\/systemd\/system\/codex-backup-database\.timer/);
    assert.doesNotMatch(await host.run("systemctl", "list-timers", "--all", "--no-pager"), /codex-backup/);
  } finally {
    await host.remove();
  }
});
