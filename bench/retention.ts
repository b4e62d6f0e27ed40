/**
 * Measures the plan of 100,000 backups against its budget of 100 ms (wall time, best of several: other work on
 * the machine makes single ones longer), and the memory that it takes.
 * npm run bench:retention [-- --rounds 9]
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { instant } from "../src/domain/instant.ts";
import { planRetention, type RetainedBackup } from "../src/domain/retention/retention.ts";
import { median } from "./pairs.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "9" } } });
const hourMs = 3_600_000;
const now = instant(Date.parse("2026-11-23T02:00:00Z"));

const backups = Array.from(
  { length: 100_000 },
  (_, index): RetainedBackup => ({
    id: `codexdb_${index}`,
    createdAt: instant(now - index * hourMs),
    outcome: index % 50 === 7 ? "incomplete" : "complete",
    isWhole: index % 90 !== 3,
    level: "read",
    isHeld: index % 1000 === 5,
    isProven: index % 168 === 0,
    isSuspect: false,
    sizeBytes: 220_000_000 + index,
  }),
);

const rules = { days: 30, last: 10, hourly: 48, daily: 30, weekly: 52, monthly: 60, yearly: 20 };

function measure(what: string, sizeBytes: number | null): void {
  const rounds = Array.from({ length: Number(values.rounds) }, () => {
    const heapBefore = process.memoryUsage().heapUsed;
    const started = performance.now();
    const verdicts = planRetention({
      backups,
      policy: { ...rules, sizeBytes, minimum: 3 },
      zone: "Europe/Berlin",
      newestIsSuspect: false,
      now,
      lastSeenNow: now,
    });
    const tookMs = performance.now() - started;
    const heapMb = (process.memoryUsage().heapUsed - heapBefore) / 1e6;
    return { tookMs, heapMb, removed: verdicts.filter(({ verdict }) => verdict === "remove").length };
  });
  const times = rounds.map(({ tookMs }) => tookMs);
  const heap = Math.max(...rounds.map(({ heapMb }) => heapMb));
  const removed = rounds[0]?.removed ?? 0;
  process.stdout.write(
    `${what}: best ${Math.min(...times).toFixed(0)} ms, median ${median(times).toFixed(0)} ms (budget 100 ms), heap +${heap.toFixed(0)} MB, ${removed} to go, load ${loadavg()[0]?.toFixed(1)}\n`,
  );
}

measure("plan of 100,000 backups", null);
measure("the same within 2 TB", 2e12);
