import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { PostgresSource } from "../../src/domain/jobs/source.ts";
import { createSystemClock } from "../../src/platform/clock.ts";
import { createSilentLog } from "../../src/platform/log.ts";
import type { Postgres } from "../../src/postgres/postgres.ts";
import { imageOf } from "../../src/postgres/throwaway/container-image.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresContainer, startPostgresContainer } from "../servers/container.ts";
import { importPostgresImage } from "../servers/postgres-image.ts";
import { postgresRoom, quiet } from "./postgres-at.ts";
import { assertEqual, type Backup, dumpOf, takeBackup, wishFor, withThrowaway } from "./throwaway-scene.ts";

const image = "localhost/throwaway-postgres:test";
const workPath = temporaryDirectory("throwaway-container");
let container: PostgresContainer;
let room: Postgres;
let backup: Backup;

before(async () => {
  container = await startPostgresContainer("codex_throwaway");
  await importPostgresImage(container, image);
  room = postgresRoom({ env: container.env });
  await container.psql(
    `CREATE TABLE entry AS SELECT n, md5(n::text) AS text FROM generate_series(1, 20000) n;
     CREATE ROLE app; ALTER TABLE entry OWNER TO app;`,
  );
  backup = await takeBackup(room, { source: sourceOf("codex_throwaway"), database: container.database });
});

after(() => container.remove());

function sourceOf(name: string): PostgresSource {
  return {
    transport: { kind: "container", engine: "docker", select: { by: "name", name } },
    host: null,
    port: null,
    user: "codex",
    password: null,
    parameters: {},
    clientDirectory: null,
  };
}

const names = async () =>
  (await container.docker(["ps", "--all", "--format", "{{.Names}}"])).trim().split("\n");
const choice = { kind: "container", engine: "docker", image } as const;

test("a container without network or mounts takes the dump, gives it back, and is gone with its volumes", async () => {
  await withThrowaway(room, wishFor(backup, { workPath, choice }), async (throwaway) => {
    await throwaway.restore(dumpOf(backup));
    await assertEqual(backup, throwaway);
    assert.match(
      throwaway.description,
      /^PostgreSQL \d+\.\d+, a container of localhost\/throwaway-postgres:test$/,
    );
    const [name = ""] = (await names()).filter((one) => one.startsWith("codex-backup-proof-"));
    const [about] = JSON.parse(await container.docker(["inspect", name]));
    assert.equal(about.HostConfig.NetworkMode, "none");
    const mounts: readonly { readonly Type: string; readonly Destination: string }[] = about.Mounts;
    assert.deepEqual(
      mounts.map(({ Type, Destination }) => `${Type} ${Destination}`),
      ["volume /codex-backup-proof"],
    );
  });
  assert.deepEqual(await names(), ["codex_throwaway"]);
  assert.equal((await container.docker(["volume", "ls", "--quiet"])).trim(), "");
  assert.deepEqual(readdirSync(workPath), []);
});

test("a container ends, and is removed, when its proof is killed", async () => {
  const home = temporaryDirectory("throwaway-container-kill");
  const write = (name: string, bytes: string | Buffer) => {
    writeFileSync(join(home, name), bytes);
    return join(home, name);
  };
  const files = {
    dump: write("dump", backup.dump),
    header: write("header", backup.header),
    globals: write("globals", backup.globals),
    facts: write("facts", JSON.stringify(backup.facts)),
  };
  const settings = JSON.stringify({ workPath: home, choice, env: container.env, dieAt: "restore", ...files });
  const script = fileURLToPath(new URL("./throwaway-child.ts", import.meta.url));
  const argv = ["--disable-warning=ExperimentalWarning", script, settings];
  const [, signal] = await once(spawn(process.execPath, argv, { stdio: "inherit" }), "close");
  assert.equal(signal, "SIGKILL");
  for (let attempt = 0; (await names()).length > 1; attempt++) {
    assert.ok(attempt < 200, "the container outlives its proof");
    await delay(50);
  }
  assert.equal(
    (await room.sweepThrowaways({ choice, source: null, workPath: home, signal: quiet() })).length,
    1,
  );
});

test("a container that its proof left behind is removed by the next one, and no other", async () => {
  const left = "codex-backup-proof-left";
  await container.docker([
    "run",
    "--detach",
    "--interactive",
    "--stop-timeout=0",
    "--name",
    left,
    "--entrypoint=cat",
    image,
  ]);
  mkdirSync(join(workPath, "throwaway-left"));
  const record = JSON.stringify({ engine: "docker", name: left });
  writeFileSync(join(workPath, "throwaway-left/container.json"), record);
  const lines = await room.sweepThrowaways({ choice, source: null, workPath, signal: quiet() });
  assert.deepEqual(lines, [`Removed "${join(workPath, "throwaway-left")}": its proof did not end well`]);
  assert.deepEqual(await names(), ["codex_throwaway"]);
});

test("an image without a server, and one that is not there, are told as what they are; nothing stays", async () => {
  const other = { ...backup, facts: { ...backup.facts, serverVersionNum: 170_002 } };
  await assert.rejects(room.openThrowaway(wishFor(other, { workPath, choice })), {
    code: "postgres.no-server-programs",
    message:
      "Cannot start a PostgreSQL 17 server for the proof: the image has no server programs of that version",
  });
  const missing = { ...choice, image: "localhost/there-is-none" };
  await assert.rejects(room.openThrowaway(wishFor(backup, { workPath, choice: missing })), {
    code: "postgres.throwaway",
    message: /^Cannot start a server for the proof: the container of "localhost\/there-is-none" ended: .+/,
  });
  assert.deepEqual(await names(), ["codex_throwaway"]);
  assert.deepEqual(readdirSync(workPath), []);
});

test("the image of the job's own container is found by what it runs", async () => {
  await container.docker([
    "run",
    "--detach",
    "--interactive",
    "--network=none",
    "--name",
    "own",
    "--entrypoint=cat",
    image,
  ]);
  const deps = {
    clock: createSystemClock(),
    log: createSilentLog(),
    env: container.env,
    newToken: () => "x",
  };
  const found = await imageOf(deps, sourceOf("own"), quiet());
  assert.equal(found?.engine, "docker");
  const id = await container.docker(["image", "inspect", "--format", "{{.Id}}", image]);
  assert.equal(found?.image.replace("sha256:", ""), id.trim().replace("sha256:", ""));
  await container.docker(["rm", "-f", "-t", "0", "own"]);
});
