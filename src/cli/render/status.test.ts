import assert from "node:assert/strict";
import { test } from "node:test";
import { capsuleJob } from "../../../tests/fakes/real-context.ts";
import type { DiskStatus, JobStatus, StatusReport } from "../../domain/health/status-report.ts";
import { instant } from "../../domain/instant.ts";
import type { Job } from "../../domain/jobs/job.ts";
import { plainPaint } from "../paint.ts";
import { describeFill, renderStatus, renderTroubles } from "./status.ts";

const now = instant(Date.parse("2026-11-23T07:00:00Z"));
const hourMs = 3_600_000;
const noReading = { budgetBytes: null, withinMs: null, schedule: null, timezone: "UTC" };

function jobOf(name: string, timezone = "Europe/Berlin"): Job {
  const due = { catchUp: "once", blackout: [], jitterMs: 0 } as const;
  const basis = {
    name,
    schedule: "0 2 * * *",
    timezone,
    timeoutMs: null,
    maxAgeMs: null,
    graceMs: null,
    due,
  };
  return { ...basis, kind: "command", argv: ["/bin/true"], cwd: null, env: {} };
}

function statusOf(job: string, more: Partial<JobStatus> = {}): JobStatus {
  const aged = {
    id: `${job}_1`,
    createdAt: "2026-11-23T01:00:00.000Z",
    ageMs: 6 * hourMs,
    level: "read",
  } as const;
  return {
    job,
    kind: "postgres",
    database: null,
    healthy: true,
    rule: "fresh",
    reason: "newest good backup is 6 h old",
    lastRun: {
      runId: "r",
      outcome: "complete",
      startedAt: "2026-11-23T01:00:00.000Z",
      summary: "complete, 4.1 s",
      failure: null,
    },
    newestGood: aged,
    newestProven: { ...aged, level: "proven", ageMs: 30 * hourMs },
    lastProof: null,
    recovery: null,
    rtoMs: null,
    concerns: [],
    copiesRule: null,
    nextSlot: "2026-11-24T01:00:00.000Z",
    missedSlots: [],
    sizeBytes: 223e6,
    ...more,
  };
}

const disk: DiskStatus = {
  name: "backups",
  location: "/backups",
  id: "x",
  freeBytes: 39e9,
  totalBytes: 100e9,
  warnings: [],
  failure: null,
  forecast: { kind: "steady", growthBytesPerDay: 0, earliest: null },
  summary: "61 % full, 39.0 GB free, not filling up",
  concern: null,
};

function render(report: Pick<StatusReport, "jobs" | "disk">, jobs: readonly Job[]): readonly string[] {
  return renderStatus(
    { ...report, exit: 0 },
    { now, config: { jobs, timezone: "UTC", reading: noReading }, paint: plainPaint },
  ).split("\n");
}

test("ages come first, the zone stands above the next slots, and disks widen no column", () => {
  const jobs = [
    statusOf("database"),
    statusOf("checksums", { kind: "checksums", newestGood: null, newestProven: null, sizeBytes: null }),
  ];
  assert.deepEqual(render({ jobs, disk: [disk] }, [jobOf("database"), jobOf("checksums")]), [
    "           newest proven  newest good  last run         next (Europe/Berlin)  size",
    "database   30 h ago       6 h ago      complete, 4.1 s  tonight 02:00         223 MB",
    "checksums  –              6 h ago      complete, 4.1 s  tonight 02:00",
    "disk       /backups 61 % full, 39.0 GB free, not filling up",
  ]);
});

test("with several zones each next slot names its own", () => {
  const lines = render({ jobs: [statusOf("a"), statusOf("b")], disk: [] }, [
    jobOf("a"),
    jobOf("b", "America/New_York"),
  ]);
  assert.match(String(lines[1]), /tonight 02:00 Europe\/Berlin/);
  assert.match(String(lines[2]), /today 20:00|tonight 20:00 America\/New_York/);
});

test("what is wrong stands below in words, for jobs and disks, and no colour carries it alone", () => {
  const failure = {
    code: "destination.missing",
    message: 'Cannot use "/backups": there is no such directory',
    hint: null,
  } as const;
  const sick = statusOf("database", {
    healthy: false,
    reason: "no good backup since Friday",
    newestGood: null,
    newestProven: null,
  });
  const report = {
    jobs: [sick],
    disk: [{ ...disk, failure, freeBytes: null, summary: null }],
    exit: 6,
  } as const;
  assert.deepEqual(renderTroubles(report, plainPaint), [
    "database: no good backup since Friday",
    'backups: Cannot use "/backups": there is no such directory',
  ]);
  const lines = render(report, [jobOf("database")]);
  assert.match(String(lines[1]), /^database {2}never +never/);
  assert.match(String(lines[2]), /cannot be used/);
});

test("a backup from the future, a run at work and a job by hand are told as such", () => {
  const odd = statusOf("x", {
    newestGood: { id: "a", createdAt: "", ageMs: -5, level: "read" },
    lastRun: { runId: "r", outcome: null, startedAt: "", summary: "running", failure: null },
    nextSlot: null,
  });
  assert.match(String(render({ jobs: [odd], disk: [] }, [jobOf("x")])[1]), /in the future +running +by hand/);
});

test("a disk that tells no size, or none at all, is not full", () => {
  assert.equal(describeFill(null, null), "does not tell its size");
  assert.equal(describeFill(0, 0), "does not tell its size");
  assert.equal(describeFill(0, 10), "100 % full, 0 B free");
});

test("missed slots are told once a job, also when a later run has made it well", () => {
  const missedSlots = ["2026-11-21T01:00:00.000Z", "2026-11-22T01:00:00.000Z"];
  const jobs = [
    statusOf("databases", { database: "a", missedSlots }),
    statusOf("databases", { database: "b", missedSlots }),
    statusOf("capsule", { missedSlots: missedSlots.slice(1) }),
  ];
  assert.deepEqual(renderTroubles({ jobs, disk: [] }, plainPaint), [
    "databases: 2 slots of the last 7 days were missed",
    "capsule: 1 slot of the last 7 days was missed",
  ]);
});

test("how long a restore takes is told only where it was measured, with its range and the day", () => {
  const times = { estimateMs: 130_000, lowMs: 130_000, highMs: 130_000, measuredMs: 130_000 };
  const measuredAt = "2026-11-22T05:10:00.000Z";
  const measured = { ...times, measuredAt, measurements: 1, method: "newest" } as const;
  const jobs = [
    statusOf("database", { recovery: { ...measured, lowMs: 100_000, highMs: 200_000 } }),
    statusOf("other", { recovery: measured }),
    statusOf("third"),
  ];
  const lines = render({ jobs, disk: [] }, [jobOf("database"), jobOf("other"), jobOf("third")]);
  assert.deepEqual(lines.slice(4), [
    "A restore of database takes about 2 min 10 s (1 min 40 s to 3 min 20 s, measured yesterday).",
    "A restore of other takes about 2 min 10 s (measured yesterday).",
  ]);
});

test("a concern of a job that is well stands below with the command to type", () => {
  const concerns = [
    {
      kind: "suspect",
      message: "x is suspect, and nothing is pruned",
      nextStep: "codex-backup show a/x",
      since: null,
    },
  ] as const;
  assert.deepEqual(renderTroubles({ jobs: [statusOf("a", { concerns })], disk: [] }, plainPaint), [
    "a: x is suspect, and nothing is pruned",
    "  Next: codex-backup show a/x",
  ]);
});

test("the rule of copies has a line where a job writes to several places, and none for a single directory", () => {
  const rule = { copies: 2, media: 1, offSite: 0, immutable: 0, errors: 0, lacking: ["offSite"] } as const;
  const copiesRule = { backup: "a_1", ...rule, summary: "2 copies: the 3-2-1-1-0 rule lacks one off-site" };
  const jobs = [
    statusOf("a", { kind: "capsule", copiesRule }),
    statusOf("b", { kind: "capsule", copiesRule }),
  ];
  const lines = render({ jobs, disk: [] }, [
    capsuleJob("/tree", { name: "a", to: ["here", "there"] }),
    capsuleJob("/tree", { name: "b", to: ["here"] }),
  ]);
  assert.deepEqual(lines.slice(3), ["a has 2 copies: the 3-2-1-1-0 rule lacks one off-site."]);
});
