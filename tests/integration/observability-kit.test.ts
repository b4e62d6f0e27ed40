import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { metricTable } from "../../src/operations/metrics-table.ts";
import type { Json } from "../end-to-end/cli-tool.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type ProgramRun, tryProgram } from "../servers/run-program.ts";

const ops = join(import.meta.dirname, "../../ops");
const rulesFile = join(ops, "prometheus/codex-backup.rules.yml");
const testFile = join(ops, "prometheus/codex-backup.test.yml");
const dashboard: Json = JSON.parse(readFileSync(join(ops, "grafana/codex-backup.json"), "utf8"));
const rules: Json = parse(readFileSync(rulesFile, "utf8"));

const promtool = (...argv: readonly string[]): Promise<ProgramRun> => tryProgram(["promtool", ...argv]);

/** The names of our metrics that a text speaks of; `_total` belongs to the one counter. */
function metricsIn(text: string): readonly string[] {
  return [...new Set(text.match(/\bcodex_backup_[a-z_]+/g) ?? [])];
}

const known: readonly string[] = [...Object.keys(metricTable), "codex_backup_runs_total"];

/** promtool on a copy of the rules that lacks some of them. */
async function testWith(left: readonly Json[]): Promise<ProgramRun> {
  const directory = temporaryDirectory("rules");
  mkdirSync(directory, { recursive: true });
  copyFileSync(testFile, join(directory, "codex-backup.test.yml"));
  const changed = { groups: [{ ...rules.groups[0], rules: left }] };
  writeFileSync(join(directory, "codex-backup.rules.yml"), stringify(changed));
  return promtool("test", "rules", join(directory, "codex-backup.test.yml"));
}

test("promtool takes the alert rules, and each fires when and only when it should", async () => {
  const checked = await promtool("check", "rules", rulesFile);
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  const tested = await promtool("test", "rules", testFile);
  assert.equal(tested.code, 0, tested.stdout + tested.stderr);
});

test("the rules' own test fails when any of them is taken out", async () => {
  const all: readonly Json[] = rules.groups[0].rules;
  assert.ok(all.length >= 13);
  for (const rule of all) {
    const { code } = await testWith(all.filter((one) => one !== rule));
    assert.notEqual(code, 0, `${rule.alert} could be left out and nobody would notice`);
  }
});

test("rules and dashboard speak only of metrics that are written, and of every job and destination", () => {
  const spoken = metricsIn(readFileSync(rulesFile, "utf8") + JSON.stringify(dashboard));
  assert.deepEqual(
    spoken.filter((name) => !known.includes(name)),
    [],
  );
  assert.ok(spoken.length >= 12);
});

test("no metric has a label that Prometheus gives to what it scrapes, and in its place renames ours", () => {
  const labels = Object.values(metricTable).flatMap<string>(([names]) => [...names]);
  assert.deepEqual(
    labels.filter((name) => ["job", "instance"].includes(name)),
    [],
  );
});

test("each alert says how bad it is, what it is about and what to type next", () => {
  for (const { alert, labels, annotations } of rules.groups[0].rules) {
    assert.match(labels.severity, /^(critical|warning)$/, alert);
    assert.ok(annotations.summary, alert);
    assert.match(annotations.action, /codex-backup \w+/, alert);
  }
});

test("every query of the dashboard is one that Prometheus can read", async () => {
  const queries: readonly string[] = dashboard.panels.flatMap((panel: Json) =>
    panel.targets.map((target: Json) => target.expr),
  );
  assert.ok(queries.length >= 12);
  const file = join(temporaryDirectory("queries"), "queries.yml");
  const asRules = queries.map((expr, index) => ({ record: `query_${index}`, expr }));
  writeFileSync(file, stringify({ groups: [{ name: "dashboard", rules: asRules }] }));
  const { code, stdout, stderr } = await promtool("check", "rules", file);
  assert.equal(code, 0, stdout + stderr);
  const ids = dashboard.panels.map((panel: Json) => panel.id);
  assert.equal(new Set(ids).size, ids.length);
});
