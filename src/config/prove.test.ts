import assert from "node:assert/strict";
import { test } from "node:test";
import { createConfigFolder } from "../../tests/fakes/written-config.ts";
import { formatThrowaway, parseThrowaway } from "../domain/jobs/throwaway-text.ts";

function text(prove: string, more = ""): string {
  return `destinations:
  b: { path: /b }
jobs:
  database:
    timezone: Europe/Berlin
    schedule: "0 2 * * *"
    postgres: { database: d }
    to: [b]
${more}    prove: ${prove}
`;
}

test("a job that is proven is followed by the job that proves it", async (context) => {
  const folder = await createConfigFolder(context);
  const config = await folder.load(text('{ schedule: "0 5 * * 0", timeout: 1h }'));
  const [job, proof, more] = config.jobs;
  assert.equal(more, undefined);
  assert.ok(job?.kind === "postgres" && proof?.kind === "proof");
  assert.deepEqual(
    [proof.name, proof.of, proof.schedule, proof.timezone, proof.timeoutMs],
    ["database:prove", "database", "0 5 * * 0", "Europe/Berlin", 3_600_000],
  );
  assert.deepEqual([job.prove.afterEach, job.prove.server], [false, { kind: "auto" }]);
});

test("after: each makes a job without a schedule; neither of them makes none", async (context) => {
  const folder = await createConfigFolder(context);
  const each = await folder.load(text("{ after: each }"));
  assert.deepEqual(
    each.jobs.map(({ name, schedule }) => [name, schedule]),
    [
      ["database", "0 2 * * *"],
      ["database:prove", null],
    ],
  );
  const byHand = await folder.load(text("{ server: programs }"));
  assert.deepEqual(
    byHand.jobs.map(({ name }) => name),
    ["database"],
  );
});

test("assertions and a scratch server are read, with its password from where it lies", async (context) => {
  const folder = await createConfigFolder(context, { PW: "hidden" });
  const config = await folder.load(
    text(
      "{ server: { postgres: { host: scratch, password: { env: PW } } } }",
      '    assertions: ["select true"]\n',
    ),
  );
  const [job] = config.jobs;
  assert.ok(job?.kind === "postgres");
  assert.deepEqual(job.assertions, ["select true"]);
  assert.ok(job.prove.server.kind === "scratch");
  assert.equal(job.prove.server.source.host, "scratch");
  assert.ok(job.prove.server.source.password !== null);
});

test("what cannot be meant is refused where it stands", async (context) => {
  const folder = await createConfigFolder(context);
  for (const [prove, seen] of [
    ["{ after: all }", /prove\.after.*each/],
    ["{ server: magic }", /prove\.server.*programs/],
    ["{ server: container }", /prove\.server.*container:IMAGE/],
    ["{ schedul: x }", /schedule/],
    ["{ schedule: hourly }", /prove\.schedule.*five cron fields/],
  ] as const) {
    const { lines } = await folder.refuse(text(prove));
    assert.match(lines.join("\n"), seen);
  }
});

test("where to restore is read as it is shown, and nothing that an engine could take for an option", () => {
  for (const choice of [
    "auto",
    "programs",
    "programs:/usr/lib/postgresql/15/bin",
    "docker:postgres:15",
    "podman:r.io/p:15",
  ]) {
    const parsed = parseThrowaway(choice);
    assert.ok(parsed);
    assert.equal(formatThrowaway(parsed), choice);
  }
  assert.deepEqual(parseThrowaway("container:postgres:15"), parseThrowaway("docker:postgres:15"));
  for (const wrong of [
    "",
    "docker:",
    "docker:--privileged",
    "programs:bin",
    "container",
    "docker:a b",
    "scratch",
  ])
    assert.equal(parseThrowaway(wrong), null, wrong);
});
