import assert from "node:assert/strict";
import { chownSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { buildBinary } from "../../scripts/packaging/binary.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresContainer, startPostgresContainer } from "../servers/container.ts";
import { runProgram } from "../servers/run-program.ts";
import { bareArchive, createDebianMachine } from "./debian-machine.ts";

const account = 10001;
const config = `version: 1
state: /var/lib/codex-backup
destinations:
  backups: { path: /backups/database }
  replays: { path: /backups/replays }
jobs:
  database:
    schedule: "0 2 * * *"
    postgres: { host: 127.0.0.1, user: codex, database: codexdb }
    to: [backups]
    name: "codexdb_{date}"
  capsule:
    schedule: "15 2 * * *"
    capsule: { root: /storage }
    to: [replays]
    name: "codex_replay_{timestamp}"
  checksums:
    schedule: "30 2 * * *"
    checksums: { destination: replays }
http: { listen: "127.0.0.1:7420" }
`;

describe("the image", { timeout: 400_000 }, () => {
  const place = temporaryDirectory("image");
  let postgres: PostgresContainer;
  before(async () => {
    for (const folder of ["dist", "state", "backups", "storage"]) mkdirSync(join(place, folder));
    for (const folder of ["state", "backups"]) chownSync(join(place, folder), account, account);
    writeFileSync(join(place, "config.yaml"), config);
    writeFileSync(join(place, "storage/audit.log"), "one\n");
    for (const name of ["Dockerfile", "LICENSE"]) cpSync(name, join(place, name));
    await buildBinary(join(place, "dist"));
    await createDebianMachine();
    postgres = await startPostgresContainer("codex-image-postgres");
    await postgres.psql("create table t as select generate_series(1, 1000) as n");
    // No registry is asked: what is imported bears the name that the Dockerfile asks for.
    await postgres.docker(["import", bareArchive, "debian:bookworm-slim"]);
    const majors = ["--build-arg", "PGDG=no", "--build-arg", "PG_MAJORS=15"];
    await postgres.docker([
      "build",
      "--format",
      "docker",
      "--network=host",
      "-q",
      "-t",
      "codex-backup:test",
      ...majors,
      place,
    ]);
  });
  after(() => postgres?.remove());

  /** Options as compose.yaml and the manifests have them. */
  const options = (name: string) => [
    ...["--name", name, "--network", "container:codex-image-postgres", "--read-only", "--tmpfs", "/tmp"],
    ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
    ...[
      "--volume",
      `${place}/config.yaml:/etc/codex-backup/config.yaml:ro`,
      "--volume",
      `${place}/storage:/storage:ro`,
    ],
    ...["--volume", `${place}/state:/var/lib/codex-backup`, "--volume", `${place}/backups:/backups`],
  ];
  const runTask = (...words: readonly string[]) =>
    postgres.docker(["run", "--rm", ...options("codex-image-task"), "codex-backup:test", ...words]);

  test("runs the nightly tasks against a PostgreSQL in a container, as a user without rights", async () => {
    await runTask("destination", "init", "--all");
    const { runs } = JSON.parse(await runTask("--json", "run", "--all"));
    assert.deepEqual(
      runs.map((run: { job: string; outcome: string }) => `${run.job} ${run.outcome}`),
      ["database complete", "capsule complete", "checksums complete"],
    );
    for (const folder of ["database", "replays"]) {
      const checked = await runProgram(["sha256sum", "-c", "checksums.txt"], {
        cwd: join(place, "backups", folder),
      });
      assert.match(checked, folder === "database" ? /codexdb_.*\.sql: OK/ : /codex_replay_.*\.zip: OK/);
    }
    const owners = await runProgram(["find", join(place, "backups"), "-type", "f", "-printf", "%U %m\\n"]);
    assert.deepEqual([...new Set(owners.trim().split("\n"))], [`${account} 600`]);
  });

  test("serves: the health endpoint answers inside, its own check is well, and SIGTERM ends it in order", async () => {
    await postgres.docker(["run", "-d", ...options("codex-image-serve"), "codex-backup:test"]);
    const ask = ["exec", "codex-image-postgres", "curl", "-sf", "http://127.0.0.1:7420/healthz"];
    let answer: string | null = null;
    for (let attempt = 0; attempt < 100 && answer === null; attempt++) {
      answer = await postgres.docker(ask).catch(() => null);
      if (answer === null) await delay(100);
    }
    assert.notEqual(answer, null, await postgres.docker(["logs", "codex-image-serve"]));
    await postgres.docker(["exec", "codex-image-serve", "codex-backup", "-q", "status"]);
    assert.equal((await postgres.docker(["exec", "codex-image-serve", "id", "-u"])).trim(), String(account));
    await postgres.docker(["stop", "-t", "30", "codex-image-serve"]);
    const code = await postgres.docker(["inspect", "-f", "{{.State.ExitCode}}", "codex-image-serve"]);
    assert.equal(code.trim(), "0");
  });
});
