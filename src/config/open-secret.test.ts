import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { test } from "node:test";
import { inspect } from "node:util";
import { type ConfigFolder, createConfigFolder } from "../../tests/fakes/written-config.ts";
import { type Clock, createSystemClock } from "../platform/clock.ts";
import type { Config } from "./config.ts";
import { openSecret } from "./open-secret.ts";

const canary = "kanarienvogel $&!@% \"'\\";

function yamlOf(source: string): string {
  return `destinations: { b: { path: /b } }\njobs: { j: { to: b, postgres: { database: x, ${source} } } }\n`;
}

function passwordOf(config: Config): string | undefined {
  const [job] = config.jobs;
  return job?.kind === "postgres" ? job.source.password?.reveal() : undefined;
}

async function told(folder: ConfigFolder, source: string, mode?: number): Promise<string> {
  const { code, lines } = await folder.refuse(yamlOf(source), mode);
  assert.equal(code, "config.secret");
  assert.doesNotMatch(lines.join("\n"), /kanarienvogel/);
  return lines.slice(1).join("\n");
}

test("a password comes from the environment, a file or a command, unchanged but for one line end", async (context) => {
  const folder = await createConfigFolder(context, { CANARY: canary });
  await folder.write("password", `${canary}\n`);
  await folder.write("windows", `${canary}\r\n`);
  const sources = [
    "password: { env: CANARY }",
    "password: { file: password }",
    "password: { file: windows }",
    `passwordFile: ${folder.path}/password`,
    "password: { command: [cat, password] }",
    `password: { command: [printenv, CANARY] }`,
    `password: ${JSON.stringify(canary)}`,
    `url: "postgres://u:${encodeURIComponent(canary)}@h/"`,
  ];
  for (const source of sources) {
    const config = await folder.load(yamlOf(source));
    assert.equal(passwordOf(config), canary, source);
    assert.deepEqual(
      config.secrets.map((secret) => secret.reveal()),
      [canary],
    );
    assert.doesNotMatch(
      JSON.stringify(config) + inspect(config, { depth: 9 }) + folder.loader.showEffective(config),
      /kanarienvogel/,
    );
  }
});

test("only the last line end is dropped: blanks belong to the secret", async (context) => {
  const folder = await createConfigFolder(context);
  await folder.write("password", " spaced \n");
  assert.equal(passwordOf(await folder.load(yamlOf("passwordFile: password"))), " spaced ");
  await folder.write("password", "two\nlines\n");
  assert.match(await told(folder, "passwordFile: password"), /more than one line/);
});

test("a secret that is not there stops the start instead of logging in without it", async (context) => {
  const folder = await createConfigFolder(context, { EMPTY: "" });
  await folder.write("empty", "\n");
  assert.match(
    await told(folder, "password: { env: UNSET }"),
    /^config.yaml:2:\d+: jobs.j.postgres.password is the environment variable UNSET, which is not set/,
  );
  assert.match(await told(folder, "password: { env: EMPTY }"), /is empty/);
  assert.match(await told(folder, "passwordFile: empty"), /jobs.j.postgres.passwordFile is empty/);
  assert.match(await told(folder, "passwordFile: gone"), /cannot be read \(ENOENT\)/);
  assert.match(await told(folder, "passwordFile: ."), /cannot be read \(EISDIR\)/);
  assert.match(await told(folder, 'password: { command: ["false"] }'), /ended with exit status 1/);
  assert.match(
    await told(folder, "password: { command: [no-such-program-here] }"),
    /cannot be started \(ENOENT\)/,
  );
});

test("a secret that every user can read is refused, in its file and in the config", async (context) => {
  const folder = await createConfigFolder(context);
  await chmod(await folder.write("password", canary), 0o644);
  assert.match(await told(folder, "passwordFile: password"), /which every user can read/);
  assert.match(
    await told(folder, "password: kanarienvogel", 0o644),
    /a secret in a file that every user can read/,
  );
  assert.match(
    await told(folder, 'url: "postgres://u:kanarienvogel@h"', 0o644),
    /jobs.j.postgres.url is a secret in a file/,
  );
});

test("a failing command's words are not repeated: they may hold the secret", async (context) => {
  const folder = await createConfigFolder(context);
  assert.match(
    await told(
      folder,
      'password: { command: [sh, -c, "echo kanarienvogel; echo kanarienvogel >&2; exit 3"] }',
    ),
    /exit status 3/,
  );
});

test("a command that does not end is ended, and told", async () => {
  const impatient: Clock = {
    ...createSystemClock(),
    after(_delayMs, call) {
      queueMicrotask(call);
      return () => undefined;
    },
  };
  const around = { env: { PATH: "/usr/bin:/bin" }, directory: "/", isConfigPrivate: true, clock: impatient };
  const opened = await openSecret({ command: ["sleep", "600"] }, around);
  assert.ok("problem" in opened);
  assert.match(opened.problem, /the command "sleep", which took more than 30 seconds/);
});

test("a wrong type is told without the value", async (context) => {
  const folder = await createConfigFolder(context);
  for (const source of [
    "password: 4711815",
    "password: { env: A, file: b }",
    "url: 4711815",
    "password: a, passwordFile: b",
    'url: "postgres://u:%zz4711815@h"',
  ]) {
    const { lines } = await folder.refuse(yamlOf(source));
    assert.match(lines[1] ?? "", /postgres\.(password|passwordFile|url)/, source);
    assert.doesNotMatch(lines.join("\n"), /4711815/, source);
  }
});

test("commands that need no server leave secrets closed", async (context) => {
  const folder = await createConfigFolder(context);
  const config = await folder.load(yamlOf("passwordFile: gone"), { secrets: "closed" });
  assert.deepEqual(config.secrets, []);
  assert.match(folder.loader.showEffective(config), /password:\n\s+file: gone/);
});

test("what looks secret in a command's environment is redacted and not shown", async (context) => {
  const folder = await createConfigFolder(context);
  const config = await folder.load(
    "jobs: { j: { command: { argv: [x], env: { API_TOKEN: kanarienvogel, LANG: C } } } }",
  );
  assert.deepEqual(
    config.secrets.map((secret) => secret.reveal()),
    ["kanarienvogel"],
  );
  assert.doesNotMatch(folder.loader.showEffective(config), /kanarienvogel/);
});
