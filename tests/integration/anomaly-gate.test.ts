/** What the anomaly gate flags, from the run to the pruning that it holds up, by a real capsule job. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseManifest } from "../../src/domain/backups/manifest-text.ts";
import { type Instant, instant } from "../../src/domain/instant.ts";
import type { KeepPolicy } from "../../src/domain/jobs/job.ts";
import type { RunReport } from "../../src/domain/runs/run-report.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import type { Operations } from "../../src/operations/operation.ts";
import { createSystemClock } from "../../src/platform/clock.ts";
import { noRule } from "../fakes/keep-policy.ts";
import { capsuleJob } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { openScene, runOne, type Scene } from "./run-scene.ts";

const dayMs = 86_400_000;
const signal = new AbortController().signal;

interface Tree {
  readonly scene: Scene;
  readonly operations: Operations;
  /** Another night, with so many files in ledger/. */
  night(files: number): Promise<RunReport>;
}

async function openTree(keep: KeepPolicy = { ...noRule, last: 3, minimum: 1 }): Promise<Tree> {
  const home = temporaryDirectory("gate");
  const ledger = join(home, "tree", "ledger");
  let now: Instant = instant(Date.parse("2026-11-01T02:00:00Z"));
  const clock = { ...createSystemClock(), now: () => now };
  const job = capsuleJob(join(home, "tree"), { keep });
  const scene = await openScene({ home, jobs: [job], destinations: ["replays"], clock });
  return {
    scene,
    operations: createOperations(scene.context),
    async night(files) {
      rmSync(ledger, { recursive: true, force: true });
      mkdirSync(ledger, { recursive: true });
      for (let index = 0; index < files; index += 1)
        writeFileSync(join(ledger, `entry-${index}`), `${index}\n`);
      now = instant(now + dayMs);
      return runOne(scene);
    },
  };
}

function manifests({ home }: Scene): readonly string[] {
  return readdirSync(join(home, "replays")).filter((name) => name.endsWith(".manifest.json"));
}

async function openSuspect() {
  const tree = await openTree();
  for (let night = 0; night < 4; night += 1) assert.deepEqual((await tree.night(60)).warnings, []);
  const report = await tree.night(20);
  assert.ok(report.backup);
  return { ...tree, report, id: report.backup.id };
}

test("a suspect capsule is complete, says why in its manifest, and nothing is pruned until a later one is as usual", async () => {
  const { scene, operations, night, report, id } = await openSuspect();
  const anomalies = [{ kind: "files", message: "ledger has 20 files, usual are 60" }];
  assert.deepEqual([report.outcome, report.exit, report.backup?.anomalies], ["complete", 0, anomalies]);
  assert.match(report.summary, /; suspect$/);
  assert.match(
    report.warnings.join("\n"),
    new RegExp(`suspect: ledger has 20.*\n.*accept capsule/${id} --why`),
  );
  assert.deepEqual([report.pruned?.removed, manifests(scene).length], [[], 4]);
  const text = readFileSync(join(scene.home, "replays", `${id}.manifest.json`));
  assert.deepEqual(parseManifest(text, id).anomalies, anomalies);

  const stricter = scene.context.jobs.map((job) => ({ ...job, keep: { ...noRule, last: 1, minimum: 1 } }));
  const strict = createOperations({ ...scene.context, jobs: stricter });
  const verdicts = await strict.prune({ jobs: [], dryRun: true, yes: true, signal });
  assert.ok(verdicts.every(({ verdict }) => verdict === "keep"));
  assert.ok(verdicts.some(({ reasons }) => reasons.includes("the newest backup is suspect")));

  await operations.rebuildCatalog(signal);
  const [listed] = await operations.list({ job: "capsule", limit: 1 });
  assert.deepEqual(
    [listed?.suspect, listed?.anomalies],
    [true, anomalies],
    "a rebuild forgets nothing of it",
  );

  const healed = await night(61);
  assert.deepEqual(healed.backup?.anomalies, [], "the suspect one is no history");
  assert.ok((healed.pruned?.removed.length ?? 0) > 0);
  const removed = healed.pruned?.removed.map(({ backup }) => backup) ?? [];
  const good = manifests(scene).filter((name) => name !== `${id}.manifest.json`);
  assert.ok(!removed.includes(id), "it stays beside the three that the rule wants");
  assert.equal(good.length, 3);
});

test("an accepted one is history, lets pruning go on, and stays accepted through a rebuild", async () => {
  const { scene, operations, night, id } = await openSuspect();
  const report = await operations.accept({ backup: id, who: "operator", why: "cleaned up" });
  const marked = { backup: id, job: "capsule", destinations: ["replays"], failed: [] };
  assert.deepEqual(report, { ...marked, stillSuspect: null });
  assert.match(readFileSync(join(scene.home, "replays", `${id}.accepted`), "utf8"), /"why": "cleaned up"/);
  const before = manifests(scene).length;
  await operations.prune({ jobs: ["capsule"], dryRun: false, yes: true, signal });
  assert.equal(manifests(scene).length, before - 1, "it counts as one of the three");

  await operations.rebuildCatalog(signal);
  const shown = await operations.show(id);
  assert.deepEqual([shown.suspect, shown.anomalies.length, shown.marks[0]?.kind], [false, 1, "accepted"]);
  assert.deepEqual((await night(20)).backup?.anomalies, [], "what was accepted may come again");
});

test("who accepts the first of several suspect nights hears that the newest is suspect still", async () => {
  const { operations, night, id } = await openSuspect();
  const { backup } = await night(20);
  const newest = backup?.id ?? "";
  const first = await operations.accept({ backup: id, who: "operator", why: "cleaned up" });
  assert.equal(first.stillSuspect, newest);
  const second = await operations.accept({ backup: newest, who: "operator", why: "cleaned up" });
  assert.equal(second.stillSuspect, null);
});

test("a second acceptance replaces the reason everywhere, and one that is taken back holds pruning up again", async () => {
  const { scene, operations, id } = await openSuspect();
  const mark = join(scene.home, "replays", `${id}.accepted`);
  await operations.accept({ backup: id, who: "operator", why: "cleaned up" });
  await operations.accept({ backup: id, who: "another", why: "moved to the archive" });
  assert.match(readFileSync(mark, "utf8"), /"who": "another",\n {2}"why": "moved to the archive"/);
  const reasons = (await operations.show(id)).marks.map(({ why }) => why);
  assert.deepEqual(reasons, ["moved to the archive"]);

  const report = await operations.unaccept({ backup: id, who: "operator" });
  assert.deepEqual(report.destinations, ["replays"]);
  const shown = await operations.show(id);
  assert.deepEqual([shown.suspect, shown.marks], [true, []]);
  await operations.rebuildCatalog(signal);
  assert.equal((await operations.show(id)).suspect, true);
  const before = manifests(scene).length;
  await operations.prune({ jobs: ["capsule"], dryRun: false, yes: true, signal });
  assert.equal(manifests(scene).length, before, "it is suspect, and the newest");
  await assert.rejects(operations.unaccept({ backup: id, who: "operator" }), { code: "usage.refused" });
});

test("only what is suspect can be accepted", async () => {
  const { operations, night } = await openTree();
  const { backup } = await night(3);
  const accepting = operations.accept({ backup: backup?.id ?? "", who: "operator", why: "no reason" });
  await assert.rejects(accepting, { code: "usage.refused" });
});

test("what was accepted once may come again each sixth night, also when the accepted one is long pruned", async () => {
  const { scene, operations, night } = await openTree({ ...noRule, daily: 6, minimum: 1 });
  const flagged: number[] = [];
  for (let day = 1; day <= 18; day += 1) {
    const { backup } = await night(day % 6 === 0 ? 20 : 60);
    if ((backup?.anomalies.length ?? 0) === 0) continue;
    flagged.push(day);
    await operations.accept({ backup: backup?.id ?? "", who: "operator", why: "cleaned up by plan" });
  }
  assert.deepEqual(flagged, [6]);
  assert.ok(!manifests(scene).some((name) => name.includes("20261107")), "the accepted one is pruned");
  assert.equal((await night(3)).backup?.anomalies.length, 1, "it may fall so far, and no further");
});
