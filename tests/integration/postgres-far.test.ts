import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Failure } from "../../src/domain/failure.ts";
import type { Transport } from "../../src/domain/jobs/source.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { postgresRoom, quiet, sourceOf } from "./postgres-at.ts";

// As ssh and kubectl do: one joins its words and gives them to a shell, the other hands an argv over. Each
// writes down what it was called with, and the environment arrives without anything of ours.
const ssh = `#!/bin/bash
printf '%s\\n' "$*" >> "$(dirname "$0")/calls"
case "$*" in *unreachable*) echo 'ssh: connect to host unreachable port 22: refused' >&2; exit 255;; esac
exec env -i PATH="$FAR_PATH" PGPASSWORD=foreign sh -c "\${@: -1}"
`;
const kubectl = `#!/bin/bash
printf '%s\\n' "$*" >> "$(dirname "$0")/calls"
if [ "$1" = get ]; then
  case "$3" in
    pg-0) echo Running;;
    pending) echo Pending;;
    *) echo 'Error from server (NotFound): pods "x" not found' >&2; exit 1;;
  esac
  exit 0
fi
while [ "$1" != -- ]; do shift; done
shift
exec env -i PATH="$FAR_PATH" PGPASSWORD=foreign "$@"
`;

let server: PostgresTestServer;
let bin: string;

before(async () => {
  server = await startPostgres({ auth: "scram" });
  bin = join(temporaryDirectory("far"), "bin");
  mkdirSync(bin);
  for (const [name, script] of Object.entries({ ssh, kubectl })) {
    writeFileSync(join(bin, name), script);
    chmodSync(join(bin, name), 0o755);
  }
});

after(() => server.stop());

const ways: Readonly<Record<string, Transport>> = {
  ssh: { kind: "ssh", host: "db1", args: ["-p", "2222"] },
  kubectl: { kind: "container", engine: "kubectl", select: { by: "name", name: "prod/pg-0/postgres" } },
};

function roomThere() {
  const farPath = process.env.PATH ?? "/usr/bin:/bin";
  return postgresRoom({ env: { PATH: `${bin}:${farPath}`, FAR_PATH: farPath } });
}

const passfiles = () => readdirSync("/tmp").filter((name) => name.startsWith(".codex-backup-"));

for (const [name, transport] of Object.entries(ways)) {
  test(`over ${name} the password lies in a private file for as long as it is needed`, async () => {
    const before = new Set(passfiles());
    const source = sourceOf(server, { transport });
    const found = await roomThere().connect(source, "postgres", { label: "far", signal: quiet() });
    const made = passfiles().filter((file) => !before.has(file));
    assert.equal(made.length, 1);
    assert.equal(statSync(join("/tmp", made[0] ?? "")).mode & 0o777, 0o600);
    assert.deepEqual(await found.listDatabases(), ["postgres"]);
    await found.close();
    await found.close();
    assert.deepEqual(
      passfiles().filter((file) => !before.has(file)),
      [],
    );
    const calls = readFileSync(join(bin, "calls"), "utf8");
    assert.ok(calls.includes("psql"));
    assert.ok(!calls.includes(server.password ?? "?"));
    assert.ok(!calls.includes("w\\\\ord"));
  });
}

async function codeOf(transport: Transport): Promise<string> {
  const source = sourceOf(server, { transport });
  const failure = await roomThere()
    .connect(source, "postgres", { label: "far", signal: quiet() })
    .catch((error: unknown) => error);
  assert.ok(failure instanceof Failure, String(failure));
  return failure.code;
}

test("a host that ssh cannot reach, and pods that are missing or pending, are told apart", async () => {
  const pod = (name: string): Transport => ({
    kind: "container",
    engine: "kubectl",
    select: { by: "name", name },
  });
  assert.equal(await codeOf({ kind: "ssh", host: "unreachable", args: [] }), "postgres.transport");
  assert.equal(await codeOf(pod("prod/missing")), "postgres.container-missing");
  assert.equal(await codeOf(pod("prod/pending")), "postgres.container-stopped");
  assert.equal(await codeOf(pod("not a pod")), "postgres.container-missing");
});
