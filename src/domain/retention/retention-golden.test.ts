/**
 * Verdicts that a person has read once and that must not change unawares: each NAME.json in the fixtures is a
 * policy and backups, NAME.txt what becomes of them. After a change that is meant, write them anew with
 * WRITE_GOLDEN=1 and read the difference.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { noRule } from "../../../tests/fakes/keep-policy.ts";
import { formatInstant, type Instant, instant } from "../instant.ts";
import type { KeepPolicy } from "../jobs/job.ts";
import { describeVerdict, planRetention, type RetainedBackup } from "./retention.ts";

const directory = join(import.meta.dirname, "../../../tests/fixtures/retention");

interface GoldenCase {
  readonly about: string;
  readonly policy: Partial<KeepPolicy>;
  readonly zone: string;
  readonly now: string;
  /** Default: a day before now. */
  readonly lastSeenNow?: string;
  readonly usualIntervalMs?: number;
  readonly goodRunsAt?: readonly string[];
  readonly newestIsSuspect?: boolean;
  readonly backups: readonly GoldenBackups[];
}

/** One, or a row of `count` that goes back from `from`. */
type GoldenBackups = Partial<Omit<RetainedBackup, "id" | "createdAt">> &
  ({ readonly at: string } | { readonly from: string; readonly everyHours: number; readonly count: number });

const at = (text: string): Instant => instant(Date.parse(text));

function backupsOf(given: GoldenBackups): readonly RetainedBackup[] {
  const marks = { isHeld: false, isProven: false, isSuspect: false } as const;
  const good = { outcome: "complete", isWhole: true, level: "read", ...marks } as const;
  const made = (createdAt: Instant, changes: Partial<RetainedBackup>): RetainedBackup => {
    return { ...good, sizeBytes: 1, ...changes, id: formatInstant(createdAt), createdAt };
  };
  if ("at" in given) {
    const { at: moment, ...changes } = given;
    return [made(at(moment), changes)];
  }
  const { from, everyHours, count, ...changes } = given;
  return Array.from({ length: count }, (_, index) =>
    made(instant(at(from) - index * everyHours * 3_600_000), changes),
  );
}

function verdictsOf(given: GoldenCase): string {
  const { about, policy, zone, usualIntervalMs, goodRunsAt = [], newestIsSuspect = false } = given;
  const now = at(given.now);
  const verdicts = planRetention({
    backups: given.backups.flatMap(backupsOf),
    policy: { ...noRule, ...policy },
    zone,
    now,
    lastSeenNow: given.lastSeenNow === undefined ? instant(now - 86_400_000) : at(given.lastSeenNow),
    goodRunsAt: goodRunsAt.map(at),
    newestIsSuspect,
    ...(usualIntervalMs !== undefined && { usualIntervalMs }),
  });
  const lines = verdicts.map((verdict) => `${verdict.backup.id.slice(0, 16)}Z  ${describeVerdict(verdict)}`);
  return [`# ${about}`, ...lines, ""].join("\n");
}

for (const name of readdirSync(directory).filter((file) => file.endsWith(".json"))) {
  const given: GoldenCase = JSON.parse(readFileSync(join(directory, name), "utf8"));
  const golden = join(directory, name.replace(/\.json$/, ".txt"));
  test(`${name.replace(/\.json$/, "")}: ${given.about}`, () => {
    const verdicts = verdictsOf(given);
    if (process.env.WRITE_GOLDEN === "1") writeFileSync(golden, verdicts);
    assert.equal(verdicts, readFileSync(golden, "utf8"));
  });
}
