import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../tests/servers/cleanup.ts";
import { formatCronUnit } from "../domain/cron/cron-unit.ts";
import { parseCron } from "../domain/slots/schedule.ts";
import { formatTimer } from "../domain/systemd/systemd-timer.ts";
import { readInstalledTimes } from "./read-installed.ts";

const configPath = "/etc/codex-backup/config.yaml";

function host() {
  const root = temporaryDirectory("installed");
  mkdirSync(join(root, "etc/cron.d"), { recursive: true });
  mkdirSync(join(root, "etc/systemd/system/codex-backup-database.timer.d"), { recursive: true });
  return { root, where: { root, hostTimezone: "Europe/Berlin", configPath } };
}

test("a time that was edited in the crontab is read with the host's zone, for this config only", () => {
  const { root, where } = host();
  const jobs = [{ name: "database", times: ["30 4 * * *"], asWritten: ["0 2 * * *"], hasBackups: true }];
  const text = formatCronUnit({ program: "/usr/bin/codex-backup", configPath, user: "root" }, { jobs });
  const path = join(root, "etc/cron.d/codex-backup");
  writeFileSync(path, text);
  const times = [{ cron: "30 4 * * *", timezone: "Europe/Berlin" }];
  assert.deepEqual(readInstalledTimes(where, "database"), { by: "cron", path, times, unreadable: [] });
  assert.equal(readInstalledTimes(where, "other"), null);
  assert.equal(readInstalledTimes({ ...where, configPath: "/etc/other.yaml" }, "database"), null);
  writeFileSync(path, text.slice(text.indexOf("\n") + 1));
  assert.equal(readInstalledTimes(where, "database"), null, "a file of others says nothing of our jobs");
});

test("what systemctl edit has written takes the place of the timer's own time", () => {
  const { root, where } = host();
  const path = join(root, "etc/systemd/system/codex-backup-database.timer");
  const calendars = ["*-*-* 02:00:00 UTC"];
  const unit = "codex-backup-database";
  const schedule = parseCron("0 2 * * *", "UTC");
  writeFileSync(
    path,
    formatTimer({ job: "database", schedule, unit, configPath, asWritten: calendars, calendars }),
  );
  assert.deepEqual(readInstalledTimes(where, "database")?.times, [{ cron: "0 2 * * *", timezone: "UTC" }]);
  writeFileSync(join(`${path}.d`, "override.conf"), "[Timer]\nOnCalendar=\nOnCalendar=Mon..Fri 06:30\n");
  assert.deepEqual(readInstalledTimes(where, "database"), {
    by: "systemd",
    path,
    times: [{ cron: "30 6 * * 1,2,3,4,5", timezone: "Europe/Berlin" }],
    unreadable: [],
  });
});
