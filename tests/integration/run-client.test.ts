import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { PostgresJob } from "../../src/domain/jobs/job.ts";
import { postgresJob } from "../fakes/real-context.ts";
import { loadCodex } from "../fixtures/codex.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { clientPrograms } from "./client-programs.ts";
import { sourceOf } from "./postgres-at.ts";
import { assertFailsAndHeals, type Break, openScene, type Scene, withJobs } from "./run-scene.ts";

let server: PostgresTestServer;

before(async () => {
  server = await startPostgres();
  await loadCodex(server);
});

after(() => server.stop());

const passVersion = 'if [ "$1" = --version ]; then exec "$REAL" "$@"; fi';
const isHeader = '[[ " $* " == *" --create "* ]]';

/** Replaces the dump itself; the version and the database header stay real. */
const dumping = (script: string) => `${passVersion}\nif ${isHeader}; then exec "$REAL" "$@"; fi\n${script}`;

interface Failing extends Pick<Break, "code" | "exit" | "says" | "hint"> {
  readonly scripts: Readonly<Record<string, string>>;
  readonly given?: Partial<PostgresJob>;
}

async function assertClientFails(failing: Failing): Promise<void> {
  const scene: Scene = await openScene({ jobs: [postgresJob(sourceOf(server))] });
  const clientDirectory = clientPrograms(server, failing.scripts);
  const job = postgresJob(sourceOf(server, { clientDirectory }), failing.given);
  await assertFailsAndHeals(scene, {
    ...failing,
    failing: withJobs(scene, [job]),
    break: async () => undefined,
  });
  assert.equal(await server.psql(ourBackends), "0", "no connection of ours is left on the server");
  assert.deepEqual(processesNaming(clientDirectory), [], "no program of ours is left");
}

const ourBackends = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'codex-backup-%'";

function processesNaming(word: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return ""; // it has just ended
      }
    })
    .filter((line) => line.includes(word));
}

test("a pg_dump older than the server is refused before it starts", () =>
  assertClientFails({
    code: "postgres.client-too-old",
    says: /pg_dump 9\.6 cannot read a server of version \d+/,
    hint: /install postgresql-client-\d+/,
    scripts: {
      pg_dump: `if [ "$1" = --version ]; then echo "pg_dump (PostgreSQL) 9.6.24"; else touch "$HERE/ran"; exec "$REAL" "$@"; fi`,
    },
  }));

test("a pg_dump that is not there is told as such", () =>
  assertClientFails({
    code: "postgres.client-missing",
    says: /pg_dump/,
    scripts: { pg_dump: "exit 127" },
  }));

test("a pg_dump killed in the middle of the dump leaves nothing", () =>
  assertClientFails({
    code: "postgres.dump-failed",
    says: /SIGKILL/,
    scripts: { pg_dump: dumping(`("$REAL" "$@" | head -c 20000); kill -KILL $$`) },
  }));

test("a pg_dump that ends with an error after all its output leaves nothing", () =>
  assertClientFails({
    code: "postgres.dump-failed",
    says: /no space left/,
    scripts: {
      pg_dump: dumping('"$REAL" "$@"; echo "pg_dump: error: query failed: no space left" >&2; exit 1'),
    },
  }));

test("a pg_dump that complains and ends with 0 is not believed", () =>
  assertClientFails({
    code: "postgres.dump-stderr",
    says: /missing chunk number/,
    scripts: {
      pg_dump: dumping('"$REAL" "$@"; echo "pg_dump: error: missing chunk number 0 for toast value" >&2'),
    },
  }));

for (const compress of ["none", "zstd", "gzip"] as const) {
  test(`a dump that ends with 0 before its trailer is not believed (${compress})`, () =>
    assertClientFails({
      code: "postgres.dump-truncated",
      says: /trailer/,
      given: { compress },
      scripts: { pg_dump: dumping('"$REAL" "$@" | head -c 20000; exit 0') },
    }));
}

test("a dump that lacks a whole table is not believed, although it ends in its trailer", () =>
  assertClientFails({
    code: "postgres.dump-unexpected",
    says: /without rows of public\.audit_logs/,
    scripts: { pg_dump: dumping('exec "$REAL" --exclude-table-data=audit_logs "$@"') },
  }));

test("a dump that writes nothing and ends with 0 is not believed", () =>
  assertClientFails({ code: "postgres.dump-truncated", scripts: { pg_dump: dumping("exit 0") } }));

test("a custom archive that is cut short is damage", () =>
  assertClientFails({
    code: "postgres.dump-unreadable",
    exit: 4,
    given: { format: "custom" },
    scripts: { pg_dump: dumping('"$REAL" "$@" | head -c 20000; exit 0') },
  }));

const stalled = { code: "run.stalled", says: /no byte has moved/, given: { stallMs: 700 } } as const;

test("a pg_dump that hangs in the middle is ended, here and on the server", () =>
  assertClientFails({
    ...stalled,
    scripts: {
      pg_dump: dumping(
        `trap '' TERM; "$REAL" "$@" | head -c 20000
"${server.binDirectory}/psql" -X "\${@: -1}" -c 'select pg_sleep(600)' & wait; sleep 600`,
      ),
    },
  }));

test("a pg_dump that has written everything and does not end is ended", () =>
  assertClientFails({
    ...stalled,
    scripts: { pg_dump: dumping('"$REAL" "$@"; exec >&-; sleep 600') },
  }));

test("a pg_dumpall that hangs is ended", () =>
  assertClientFails({ ...stalled, scripts: { pg_dumpall: "sleep 600" } }));

test("a pg_dump that hangs over the database header is ended", () =>
  assertClientFails({
    ...stalled,
    scripts: { pg_dump: `${passVersion}\nif ${isHeader}; then sleep 600; fi; exec "$REAL" "$@"` },
  }));

test("a psql that hangs at the login is ended", () =>
  assertClientFails({ ...stalled, scripts: { psql: "sleep 600" } }));

test("roles that cannot be dumped fail the backup: it could not be restored as it was", () =>
  assertClientFails({
    code: "postgres.dump-failed",
    says: /roles .*: permission denied/,
    hint: /pg_dumpall/,
    scripts: { pg_dumpall: 'echo "pg_dumpall: error: permission denied" >&2; exit 1' },
  }));

test("roles, and settings of a database, that end with 0 before their trailers are not believed", async () => {
  await assertClientFails({
    code: "postgres.dump-truncated",
    says: /the roles of "codexdb": .*ends before/,
    scripts: { pg_dumpall: '"$REAL" "$@" | head -n -6; exit 0' },
  });
  await assertClientFails({
    code: "postgres.dump-truncated",
    says: /the settings of "codexdb": .*ends before/,
    scripts: {
      pg_dump: `${passVersion}\nif ${isHeader}; then "$REAL" "$@" | head -n -6; exit 0; fi\nexec "$REAL" "$@"`,
    },
  });
});

test("a run that takes longer than its timeout is ended", () =>
  assertClientFails({
    code: "run.timeout",
    says: /timeout of 1 s/,
    given: { timeoutMs: 1000 },
    scripts: { pg_dump: dumping('while sleep 0.05; do echo "-- still here"; done') },
  }));
