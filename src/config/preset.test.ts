import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createConfigFolder } from "../../tests/fakes/written-config.ts";
import { Failure } from "../domain/failure.ts";

test("the codex preset is the old guide's table, and is accepted as it is", async (context) => {
  const folder = await createConfigFolder(context);
  const config = await folder.load(folder.loader.preset({ kind: "codex", timezone: "America/New_York" }));
  assert.equal(config.timezone, "America/New_York");
  assert.deepEqual(
    config.jobs.map((job) => [job.name, job.kind, job.schedule]),
    [
      ["database", "postgres", "0 2 * * *"],
      ["capsule", "capsule", "15 2 * * *"],
      ["checksums", "checksums", "30 2 * * *"],
    ],
  );
  assert.deepEqual(
    config.destinations.map((one) =>
      one.kind === "local" ? [one.path, one.owner?.user, one.fileMode] : one.kind,
    ),
    [
      ["/backups", "codex", 0o600],
      ["/opt/Super-Codex-AI/storage/replays", "codex", 0o600],
    ],
  );
  const [database, capsule] = config.jobs;
  assert.ok(database?.kind === "postgres" && capsule?.kind === "capsule");
  assert.deepEqual(
    [database.nameTemplate, database.keep.days, database.keep.minimum],
    ["codexdb_{date}", 30, 3],
  );
  assert.deepEqual(
    [capsule.nameTemplate, capsule.keep.days, capsule.keep.minimum],
    ["codex_replay_{timestamp}", 90, 3],
  );
  assert.deepEqual(capsule.source.include, ["audit.log", "ledger/**", "annals/**"]);
});

test("the container preset names its container and its databases", async (context) => {
  const folder = await createConfigFolder(context);
  const request = { kind: "container", container: "db-1", user: "app", timezone: "UTC" } as const;
  const all = await folder.load(folder.loader.preset({ ...request, database: null }));
  const one = await folder.load(folder.loader.preset({ ...request, database: 'od"d: #name' }));
  const [job] = all.jobs;
  assert.ok(job?.kind === "postgres" && one.jobs[0]?.kind === "postgres");
  assert.deepEqual(job.source.transport, {
    kind: "container",
    engine: "docker",
    select: { by: "name", name: "db-1" },
  });
  assert.deepEqual(job.databases, { kind: "all", except: [] });
  assert.deepEqual(one.jobs[0].databases, { kind: "named", names: ['od"d: #name'] });
});

test("a URL's parts survive in the preset, its password does not", async (context) => {
  const folder = await createConfigFolder(context, { PGPASSWORD: "from the environment" });
  const word = fc
    .string({ unit: fc.constantFrom(..."abz01 :#'\"{}[]*&!%@/\\?-"), minLength: 1, maxLength: 12 })
    .filter((text) => text.trim() !== "");
  await fc.assert(
    fc.asyncProperty(word, word, async (user, database) => {
      fc.pre(database !== "*");
      const url = `postgres://${encodeURIComponent(user)}:kanarienvogel@db.example:6543/${encodeURIComponent(database)}?sslmode=require&connect_timeout=9`;
      const yaml = folder.loader.preset({ kind: "postgres", url, timezone: "UTC" });
      assert.doesNotMatch(yaml, /kanarienvogel/);
      const [job] = (await folder.load(yaml)).jobs;
      assert.ok(job?.kind === "postgres");
      const { source, databases } = job;
      assert.deepEqual(databases, { kind: "named", names: [database] });
      assert.deepEqual([source.host, source.port, source.user], ["db.example", 6543, user]);
      assert.deepEqual(source.parameters, { sslmode: "require", connect_timeout: "9" });
      assert.equal(source.password?.reveal(), "from the environment");
    }),
    { numRuns: 50 },
  );
  const socket = folder.loader.preset({ kind: "postgres", url: "postgres://%2Frun%2Fpg", timezone: "UTC" });
  const [job] = (await folder.load(socket)).jobs;
  assert.ok(job?.kind === "postgres" && job.source.host === "/run/pg" && job.source.password === null);
});

test("a URL that cannot be read is refused without showing it", async (context) => {
  const { loader } = await createConfigFolder(context);
  assert.throws(
    () => loader.preset({ kind: "postgres", url: "postgres://u:kanarienvogel@h:x/", timezone: "UTC" }),
    (error) =>
      error instanceof Failure && error.code === "config.invalid" && !error.message.includes("kanarienvogel"),
  );
});
