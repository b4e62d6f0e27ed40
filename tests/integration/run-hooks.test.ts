import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseInstant } from "../../src/domain/instant.ts";
import type { Job } from "../../src/domain/jobs/job.ts";
import type { HookProgram, JobHooks } from "../../src/domain/jobs/job-hooks.ts";
import type { RunReport } from "../../src/domain/runs/run-report.ts";
import { run } from "../../src/operations/run/run.ts";
import { capsuleJob, checksumsJob, commandJob } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { openScene, type Scene } from "./run-scene.ts";

const longMs = 60_000;
const secret = "hook-environment-canary";

interface HookScene extends Scene {
  /** The hooks that were run, in order, each with the variables that it saw. */
  calls(): readonly Readonly<Record<string, string>>[];
  runIt(signal?: AbortSignal): Promise<RunReport>;
  readonly destination: string;
}

/** A hook that notes its variables and then does this. */
function noting(home: string, then: string): HookProgram {
  const note = `env | grep ^CODEX_BACKUP_ | sort | tr '\\n' '\\001' >> ${home}/calls; echo >> ${home}/calls`;
  return ["/bin/sh", "-c", `${note}; ${then}`];
}

async function sceneOf(
  hooks: (home: string) => Partial<JobHooks>,
  job: (home: string) => Job = treeJob,
): Promise<HookScene> {
  const home = temporaryDirectory("hooks");
  mkdirSync(join(home, "tree"));
  writeFileSync(join(home, "tree", "one"), "1\n");
  const all: JobHooks = { before: [], after: [], failed: [], timeoutMs: longMs, ...hooks(home) };
  const scene = await openScene({
    home,
    jobs: [{ ...job(home), hooks: all }],
    destinations: ["replays"],
    env: { SECRET: secret },
  });
  const [{ name } = { name: "" }] = scene.context.jobs;
  return {
    ...scene,
    destination: join(home, "replays"),
    calls: () => {
      if (!existsSync(join(home, "calls"))) return [];
      const lines = readFileSync(join(home, "calls"), "utf8")
        .trimEnd()
        .replaceAll("\u0001\n", "\n")
        .slice(0, -1)
        .split("\n");
      return lines.map((line) => Object.fromEntries(line.split("\u0001").map((pair) => pair.split("=", 2))));
    },
    runIt: async (signal = new AbortController().signal) => {
      const slot = parseInstant("2026-11-23T02:15:00Z");
      const [report] = await run(scene.context, { jobs: [name], all: false, waitMs: 0, slot, signal });
      assert.ok(report);
      return report;
    },
  };
}

function treeJob(home: string): Job {
  return capsuleJob(join(home, "tree"), { to: ["replays"] });
}

const moments = (scene: HookScene) => scene.calls().map((call) => call.CODEX_BACKUP_HOOK);

test("before, then the backup, then after with its name, its manifest and its outcome", async () => {
  const scene = await sceneOf((home) => ({
    before: [noting(home, `touch ${home}/tree/quiesced`)],
    after: [noting(home, 'test -s "$CODEX_BACKUP_MANIFEST"')],
    failed: [noting(home, "true")],
  }));
  const report = await scene.runIt();
  assert.deepEqual([report.outcome, report.exit, report.warnings], ["complete", 0, []]);
  assert.deepEqual(moments(scene), ["before", "after"]);
  const [before, after] = scene.calls();
  assert.deepEqual(before, {
    CODEX_BACKUP_HOOK: "before",
    CODEX_BACKUP_JOB: "capsule",
    CODEX_BACKUP_KIND: "capsule",
    CODEX_BACKUP_RUN: report.runId,
    CODEX_BACKUP_SLOT: "2026-11-23T02:15:00.000Z",
  });
  assert.equal(after?.CODEX_BACKUP_OUTCOME, "complete");
  assert.equal(after?.CODEX_BACKUP_BACKUP, report.backup?.id);
  assert.equal(after?.CODEX_BACKUP_MANIFEST, join(scene.destination, report.backup?.manifest ?? ""));
  const manifest = readFileSync(after?.CODEX_BACKUP_MANIFEST ?? "", "utf8");
  assert.match(manifest, /"path": "quiesced"/, "what before did is in the backup");
});

test("a before that fails ends the run before anything is taken, and failed hears of it", async () => {
  const scene = await sceneOf((home) => ({
    before: [noting(home, "exit 3"), noting(home, "true")],
    after: [noting(home, "true")],
    failed: [noting(home, "true")],
  }));
  const report = await scene.runIt();
  assert.deepEqual([report.outcome, report.exit, report.failure?.code], ["failed", 1, "hooks.failed"]);
  assert.match(
    report.failure?.message ?? "",
    /hook "before" of "capsule": \/bin\/sh ended with exit status 3$/,
  );
  assert.deepEqual(moments(scene), ["before", "failed"]);
  assert.equal(scene.calls()[1]?.CODEX_BACKUP_FAILURE, "hooks.failed");
  assert.deepEqual(scene.context.catalog.backups(), []);
});

test("a before that says 75 skips the run: no failure of anybody, no other hook, and the slot says why", async () => {
  const scene = await sceneOf((home) => ({
    before: [noting(home, "exit 75")],
    after: [noting(home, "true")],
    failed: [noting(home, "true")],
  }));
  const report = await scene.runIt();
  assert.deepEqual([report.outcome, report.exit, report.failure?.code], ["skipped", 5, "hooks.deferred"]);
  assert.deepEqual(moments(scene), ["before"]);
  const [slot] = scene.context.catalog.slots({ job: "capsule" });
  assert.deepEqual([slot?.state, slot?.reason], ["skipped", "a hook said: not now"]);
});

test("an after that fails never costs the backup: complete, a warning, exit status 3", async () => {
  const scene = await sceneOf((home) => ({
    after: [noting(home, `echo ${secret} >&2; exit 75`), noting(home, "true")],
    failed: [noting(home, "true")],
  }));
  const report = await scene.runIt();
  assert.deepEqual([report.outcome, report.exit, report.failure], ["complete", 3, null]);
  assert.match(report.warnings.join("\n"), /^Cannot finish the hook "after" .* exit status 75$/);
  assert.ok(!JSON.stringify(report).includes(secret), "what it printed is for the log alone");
  assert.deepEqual(moments(scene), ["after", "after"], "the others are run all the same");
  assert.equal(scene.context.catalog.backups().length, 1);
});

test("a hook that never ends is ended with all that it started, when its time is over", async () => {
  const scene = await sceneOf((home) => ({
    before: [["/bin/sh", "-c", `sleep 300 & echo $! > ${home}/pid; wait`]],
    timeoutMs: 300,
  }));
  const report = await scene.runIt();
  assert.match(report.failure?.message ?? "", /took longer than /);
  const pid = Number(readFileSync(join(scene.destination, "../pid"), "utf8"));
  assert.ok(!scene.context.host.isAlive(pid));
});

test("an interrupted run still wakes the application through failed", async () => {
  const stop = new AbortController();
  const scene = await sceneOf(
    (home) => ({ failed: [noting(home, "true")] }),
    (home) => commandJob(["/bin/sh", "-c", `touch ${home}/up; sleep 300`]),
  );
  const up = join(scene.destination, "../up");
  const running = scene.runIt(stop.signal);
  while (!existsSync(up)) await new Promise(setImmediate);
  stop.abort(new Error("stopped"));
  const report = await running;
  assert.equal(report.outcome, "failed");
  assert.deepEqual(moments(scene), ["failed"]);
});

test("a program that is not there, or may not be run, is named; checksums and commands have hooks too", async () => {
  const gone = await sceneOf(
    () => ({ before: [["/no/such/program"]] }),
    () => checksumsJob("replays", { name: "capsule" }),
  );
  assert.match(
    (await gone.runIt()).failure?.message ?? "",
    /\/no\/such\/program could not be started \(ENOENT\)/,
  );
  const closed = await sceneOf(
    (home) => {
      writeFileSync(join(home, "closed"), "#!/bin/sh\n");
      chmodSync(join(home, "closed"), 0o600);
      return { after: [[join(home, "closed")]] };
    },
    () => commandJob(["true"]),
  );
  const report = await closed.runIt();
  assert.deepEqual([report.outcome, report.exit], ["complete", 3]);
  assert.match(report.warnings.join(), /EACCES/);
});
