import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CronUnitJob, formatCronUnit, parseCronUnit } from "./cron-unit.ts";
import { findCrontabFaults } from "./crontab-faults.ts";

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,20}(:prove)?$/);
const times = fc.uniqueArray(fc.constantFrom("0 2 * * *", "30 14 1,15 * MON", "*/5 * * * *"), {
  maxLength: 3,
});
const asWritten = fc.uniqueArray(fc.constantFrom("0 2 * * *", "15 2 * * 0"), { minLength: 1, maxLength: 2 });
const job: fc.Arbitrary<CronUnitJob> = fc.record({ name, times, asWritten, hasBackups: fc.boolean() });
const path = fc.stringMatching(/^\/[A-Za-z0-9 '"$;&|<>()*?\\._-]{1,30}$/);

test("whatever is written is read back the same, and is a file that cron takes whole", () => {
  const jobs = fc.uniqueArray(job, { selector: (one) => one.name, maxLength: 4 });
  fc.assert(
    fc.property(jobs, path, path, (all, program, configPath) => {
      const text = formatCronUnit({ program, configPath, user: "root" }, { jobs: all });
      const read = parseCronUnit(text);
      assert.deepEqual(
        read?.jobs,
        all.map(({ name: of, times: at, asWritten: was }) => ({ name: of, times: at, asWritten: was })),
      );
      assert.deepEqual(read?.others, []);
      assert.deepEqual(findCrontabFaults({ text, mode: 0o100644, uid: 0 }), []);
    }),
  );
});

test("a file that lacks our first line is none of ours", () => {
  assert.equal(parseCronUnit("0 2 * * * root /usr/bin/codex-backup -q run database --scheduled\n"), null);
});

test("a line for the start of the machine is kept as it is, one that cron cannot read is switched off", () => {
  const unit = formatCronUnit({ program: "/bin/x", configPath: "/c.yaml", user: "root" }, { jobs: [] });
  const added = ["@reboot root /bin/true", "neither time nor command"];
  const read = parseCronUnit(`${unit}${added.join("\n")}\n`);
  assert.deepEqual(read?.others, ["@reboot root /bin/true", "# cron cannot read: neither time nor command"]);
});
