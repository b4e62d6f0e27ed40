import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ContainerSelector, PostgresSource } from "../../src/domain/jobs/source.ts";
import { postgresJob } from "../fakes/real-context.ts";
import { type PostgresContainer, startPostgresContainer } from "../servers/container.ts";
import {
  assertFailed,
  assertFailsAndHeals,
  assertSound,
  assertUntouched,
  openScene,
  published,
  runOne,
  runWell,
  type Scene,
  withJobs,
} from "./run-scene.ts";

let container: PostgresContainer;
const compose = { project: "codex", service: "db" } as const;

before(async () => {
  container = await startPostgresContainer("codex_postgres", { compose });
  await container.psql(
    "CREATE TABLE audit_logs AS SELECT n, repeat(md5(n::text), 50) AS text FROM generate_series(1, 20000) n",
  );
});

after(() => container.remove());

function within(select: ContainerSelector): PostgresSource {
  return {
    transport: { kind: "container", engine: "docker", select },
    host: null,
    port: null,
    user: "codex",
    password: null,
    parameters: {},
    clientDirectory: null,
  };
}

const byName = (name = "codex_postgres") => postgresJob(within({ by: "name", name }));
const byCompose = () => postgresJob(within({ by: "compose", ...compose }));

test("a container that is not there is named beside those that are", async () => {
  const scene = await openScene({ jobs: [byName()], env: container.env });
  await assertFailsAndHeals(scene, {
    code: "postgres.container-missing",
    says: /"codex_gone".*"codex_postgres"/,
    failing: withJobs(scene, [byName("codex_gone")]),
    break: async () => undefined,
  });
});

test("two containers of one compose service are not chosen between", async () => {
  const scene = await openScene({ jobs: [byCompose()], env: container.env });
  await assertFailsAndHeals(scene, {
    code: "postgres.container-ambiguous",
    says: /"codex_postgres", "codex_second"|"codex_second", "codex_postgres"/,
    break: async () => {
      const second = await startPostgresContainer("codex_second", { compose, beside: container });
      return () => second.remove();
    },
  });
});

test("a container killed in the middle of the dump leaves nothing, and one that is stopped is told as such", async () => {
  const scene = await openScene({ jobs: [byName()], env: container.env });
  await runWell(scene);
  const before = published(scene);
  let kill: Promise<void> | null = null;
  const onProgress: Scene["context"]["onProgress"] = ({ step, doneBytes }) => {
    if (step === "dump" && doneBytes > 1_000_000) kill ??= container.kill();
  };
  const killed = await runOne({ ...scene, context: { ...scene.context, onProgress } });
  assert.ok(kill !== null, "it was killed while the dump ran");
  assertFailed(scene, killed, killed.failure?.code ?? "run.internal");
  assert.match(killed.failure?.code ?? "", /^postgres\./);
  await kill;
  await assertSound(scene);
  assert.deepEqual(published(scene), before);

  const stopped = await runOne(scene);
  assertFailed(scene, stopped, "postgres.container-stopped");
  assert.match(stopped.failure?.hint ?? "", /docker start codex_postgres/);
  await assertSound(scene);

  await container.start();
  await runWell(scene);
  await assertSound(scene);
  assertUntouched(before);
});

test("a run that stalls in a container ends what it started inside", async () => {
  const scene = await openScene({ jobs: [byName()], env: container.env });
  await runWell(scene);
  const lock = container.psql("BEGIN; LOCK TABLE audit_logs; SELECT pg_sleep(3); COMMIT");
  const held = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted";
  while ((await container.psql(held)) === "0") await new Promise((resolve) => setImmediate(resolve));
  const job = { ...byName(), lockWaitMs: 60_000, stallMs: 500 };
  const report = await runOne(withJobs(scene, [job]));
  assertFailed(scene, report, "run.stalled");
  const ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'codex-backup-%'";
  assert.equal(await container.psql(ours), "0");
  await assertSound(scene);
  await lock;
  await runWell(scene);
});
