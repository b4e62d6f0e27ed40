import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadCodex } from "../fixtures/codex.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { createOperator, type Operator } from "./cli-tool.ts";

/** Every printable ASCII character, in an order that starts and ends with awkward ones. */
const everyCharacter = `'"\\${String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index))} $`;

let server: PostgresTestServer;

before(async () => {
  server = await startPostgres({ auth: "scram", tcp: true });
  await loadCodex(server, { rows: 3000 });
  const literal = everyCharacter.replaceAll("'", "''");
  await server.psql(`SET standard_conforming_strings = on; ALTER ROLE codex PASSWORD '${literal}'`);
});
after(() => server.stop());

function configWith(connection: string): string {
  return `version: 1
state: state
destinations:
  backups: { path: backups }
jobs:
  database:
    postgres: { ${connection}, database: codexdb }
    to: [backups]
    compress: zstd
`;
}

async function createReady(
  connection: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Operator> {
  const operator = createOperator(configWith(connection), env);
  writeFileSync(operator.path("secret"), `${everyCharacter}\n`, { mode: 0o600 });
  await operator.run("destination", "init", "--all");
  return operator;
}

const address = () => `host: 127.0.0.1, port: ${server.port}, user: codex`;
const ways: readonly (readonly [
  name: string,
  connection: () => string,
  env?: Readonly<Record<string, string>>,
])[] = [
  ["a file", () => `${address()}, password: { file: secret }`],
  [
    "a variable",
    () => `${address()}, password: { env: DATABASE_SECRET }`,
    { DATABASE_SECRET: everyCharacter },
  ],
  ["a command", () => `${address()}, password: { command: [cat, secret] }`],
  [
    "a URL",
    () =>
      `url: "postgres://codex:${encodeURIComponent(everyCharacter).replaceAll("'", "%27")}@127.0.0.1:${server.port}"`,
  ],
];

for (const [name, connection, env] of ways) {
  test(`a password of every printable character, given by ${name}, logs in, and shows nowhere`, async () => {
    const operator = await createReady(connection(), env);
    const watched = watchArguments();
    const started = operator.start("--json", "-v", "run", "database");
    const run = await started.ended;
    const seen = watched.stop();
    assert.equal(run.code, 0, run.stderr);
    const outputs = [
      run.stdout,
      run.stderr,
      (await operator.run("-v", "config", "show", "--effective")).stdout,
      (await operator.run("logs")).stdout,
    ];
    for (const text of [
      ...outputs,
      ...seen,
      ...filesUnder(operator.path("state")),
      ...filesUnder(operator.path("backups")),
    ])
      assertHidden(text);
    assert.ok(
      seen.some((line) => line.includes("pg_dump")),
      "the watch never saw pg_dump, so it proves nothing",
    );
  });
}

test("a wrong password is told as such, without showing it or the right one", async () => {
  const canary = "canary-7f3a-wrong";
  const operator = await createReady(`${address()}, password: { env: DATABASE_SECRET }`, {
    DATABASE_SECRET: canary,
  });
  const { code, stdout, stderr } = await operator.run("--json", "-v", "run", "database");
  assert.equal(code, 1);
  assert.equal(JSON.parse(stdout).runs[0].failure.code, "postgres.login");
  for (const text of [stdout, stderr, ...filesUnder(operator.path("state"))])
    assert.ok(!text.includes(canary), text);
});

/** The whole, and each long piece of it: enough to find it escaped, cut or split. */
function assertHidden(text: string): void {
  const pieces = [everyCharacter, everyCharacter.slice(20, 40), everyCharacter.slice(50, 70)];
  for (const piece of pieces) assert.ok(!text.includes(piece), `shows ${piece} in ${text.slice(0, 300)}`);
}

function filesUnder(directory: string): readonly string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => readFileSync(file, "latin1"));
}

/** Looks at every process' arguments as often as it can, as `ps` would. */
function watchArguments(): { stop(): readonly string[] } {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, "latin1"));
      } catch {
        // it has just ended
      }
    }
  }, 5);
  return {
    stop() {
      clearInterval(timer);
      return [...seen];
    },
  };
}
