import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { startPostgresContainer } from "./container.ts";
import { tryProgram } from "./run-program.ts";

test("a container answers docker exec, keeps its data over a kill, and leaves nothing behind", async () => {
  const container = await startPostgresContainer("codex_postgres", {
    compose: { project: "codex", service: "db" },
    labels: { purpose: "a test" },
  });
  await container.psql("create table kept as select generate_series(1, 1000) as n");
  const dump = await tryProgram(
    ["docker", "exec", "codex_postgres", "pg_dump", "-U", "codex", "codexdb"],
    // Only the two variables: what a job started by cron would have.
    { env: { PATH: container.env.PATH ?? "", CONTAINERS_CONF: container.env.CONTAINERS_CONF ?? "" } },
  );
  assert.equal(dump.code, 0, dump.stderr);
  assert.match(dump.stdout, /COPY public\.kept \(n\) FROM stdin;\n1\n2\n/);
  assert.match(dump.stdout, /PostgreSQL database dump complete/);
  const byLabel = ["ps", "-q", "--filter", "label=com.docker.compose.service=db"];
  assert.equal(container.id.startsWith((await container.docker(byLabel)).trim()), true);

  await container.kill();
  const stopped = await tryProgram(["docker", "exec", "codex_postgres", "true"], { env: container.env });
  assert.notEqual(stopped.code, 0);
  await container.start();
  assert.equal(await container.psql("select count(*) from kept"), "1000");

  const directory = dirname(container.env.CONTAINERS_CONF ?? "");
  await container.remove();
  await container.remove();
  assert.equal(existsSync(directory), false);
  assert.equal(readFileSync("/proc/self/mounts", "utf8").includes(directory), false);
});

test("two containers of one engine see each other, two of one name in two engines do not", async () => {
  const [one, alone] = await Promise.all([
    startPostgresContainer("codex_postgres"),
    startPostgresContainer("codex_postgres"),
  ]);
  const beside = await startPostgresContainer("other", { beside: one, database: "elsewhere" });
  const names = async (from: typeof one) =>
    (await from.docker(["ps", "--format", "{{.Names}}"])).trim().split("\n");
  assert.deepEqual((await names(one)).sort(), ["codex_postgres", "other"]);
  assert.deepEqual(await names(alone), ["codex_postgres"]);
  assert.equal(await beside.psql("select current_database()"), "elsewhere");
  await one.remove();
  assert.deepEqual(await names(beside), ["other"]);
  await Promise.all([beside.remove(), alone.remove()]);
});

test("a paused container answers nothing until it goes on", async () => {
  const container = await startPostgresContainer("codex_postgres");
  await container.pause();
  assert.match(
    await container.docker(["inspect", "--format", "{{.State.Status}}", "codex_postgres"]),
    /paused/,
  );
  await container.unpause();
  assert.equal(await container.psql("select 1"), "1");
  await container.remove();
});
