import assert from "node:assert/strict";
import { test } from "node:test";
import { instant } from "../../domain/instant.ts";
import type { ListedPoint } from "../../domain/sets/point-report.ts";
import { plainPaint } from "../paint.ts";
import { renderPoints } from "./points.ts";

const at = "2026-11-23T02:00:00.000Z";
const around = { now: instant(Date.parse(at)), config: { jobs: [], timezone: "UTC" }, paint: plainPaint };

function pointLacking(first: readonly string[]): ListedPoint {
  const query = {
    job: "database",
    database: "codexdb",
    backup: "b",
    sql: "",
    root: "ledger",
    unchecked: null,
  };
  const queries = [{ ...query, named: 9, missing: { count: first.length, first } }];
  return {
    ...{ id: "nightly_1", set: "nightly", isWhole: false, members: [], driftMs: null },
    walk: { startedAt: at, finishedAt: at },
    capsule: { job: "capsule", backup: "c", isThere: true },
    references: { queries, unreferenced: [] },
  };
}

test("what a row names reaches the terminal as text, also when it is nothing or would be obeyed", () => {
  const shown = renderPoints([pointLacking(["ledger/Ü b.txt", "", "a\nb", "\u001b[2Jc"])], around);
  const [line] = shown.split("\n").filter((one) => one.includes("missing"));
  assert.ok(line?.endsWith(`4 missing: ledger/Ü b.txt, "", "a\\nb", "\\u001b[2Jc"`), line ?? shown);
});
