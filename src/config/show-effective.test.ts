import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { createConfigFolder } from "../../tests/fakes/written-config.ts";
import type { Config } from "./config.ts";

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const count = fc.integer({ min: 1, max: 500 });
const time = fc.constantFrom("90s", "30m", "26h", "1h30m", "2d");
const limit = fc.oneof(time, fc.constant("none"));

const basis = {
  schedule: maybe(fc.constantFrom("0 2 * * *", "*/5 1-3 * jan MON")),
  timezone: maybe(fc.constantFrom("Europe/Berlin", "America/Santiago")),
  timeout: maybe(limit),
  maxAge: maybe(time),
  grace: maybe(time),
  catchUp: maybe(fc.constantFrom("once", "none")),
  blackout: maybe(fc.constantFrom(["08:00-18:00"], ["Mon-Fri 22:00-04:00", "Sun 00:00-24:00"])),
  jitter: maybe(time),
};

const backup = {
  ...basis,
  copies: maybe(fc.record({ required: maybe(fc.constantFrom(1, 2)) })),
  spool: maybe(fc.constantFrom("0 B", "1 GiB", "1.5 MB")),
  stall: maybe(limit),
  keep: maybe(
    fc.record({
      days: maybe(count),
      last: maybe(count),
      hourly: maybe(count),
      weekly: maybe(count),
      yearly: maybe(count),
      minimum: maybe(count),
    }),
  ),
  prove: maybe(
    fc.record({
      schedule: maybe(fc.constant("0 5 * * 0")),
      after: maybe(fc.constant("each")),
      server: maybe(
        fc.constantFrom<unknown>("programs", "programs:/usr/lib/postgresql/15/bin", "podman:postgres:15", {
          postgres: { host: "h", port: 5433, user: "u", password: { env: "PW" }, sslmode: "require" },
        }),
      ),
      timeout: maybe(limit),
      identityFile: maybe(fc.constant("/etc/codex-backup/identity")),
      drill: maybe(time),
    }),
  ),
  encrypt: maybe(
    fc.constant({ recipients: ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"] }),
  ),
  rto: maybe(fc.constantFrom("30m", "2h", "1h30m")),
  labels: maybe(fc.dictionary(fc.string({ minLength: 1 }), fc.string())),
};

const server = fc.oneof(
  fc.record({
    container: fc.oneof(
      fc.constant("c"),
      fc.record({
        engine: maybe(fc.constantFrom("podman", "nerdctl")),
        compose: fc.constant({ project: "p", service: "s" }),
      }),
    ),
  }),
  fc.record({
    ssh: fc.oneof(fc.constant("u@h"), fc.constant({ host: "h", args: ["-p", "2222"] })),
    clientDirectory: fc.constant("/usr/lib/x"),
  }),
  fc.record({ socket: fc.constant("/run/pg") }),
  fc.record({
    host: fc.constant("h"),
    sslmode: fc.constant("verify-full"),
    parameters: fc.constant({ connect_timeout: 5 }),
  }),
  fc.record({ url: fc.constant("postgres://v@h2:5555/?sslmode=require&keepalives=1") }),
);

const postgres = fc
  .tuple(
    server,
    fc.record({
      password: maybe(fc.constantFrom<unknown>({ env: "PW" }, { command: ["printenv", "PW"] })),
      database: fc.oneof(fc.constant("*"), fc.constant(["a", "b/c"]), fc.constant("2024")),
      lockWait: maybe(time),
      onBlockedDdl: maybe(fc.constantFrom("wait", "abort")),
    }),
  )
  .map(([where, rest]) => ({ ...where, ...rest }));

const documents = fc.record({
  timezone: maybe(fc.constantFrom("UTC", "Africa/Cairo")),
  signing: maybe(fc.constant({ trusted: ["RWSRStGKt8ujB3aavv2QRnSN5yKNUFG/CiZQNMXXONSEdNbeIicLxm3d"] })),
  configCopy: maybe(
    fc.constant({
      recipients: ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"],
      to: ["b"],
    }),
  ),
  destinations: fc.constantFrom(
    { a: { path: "x", mode: "0640", owner: "codex" }, b: { path: "/y" } },
    { a: { path: "/x" }, b: { path: "/y", directoryMode: "0750", keep: { weekly: 4, size: "1.5 GiB" } } },
  ),
  jobs: fc.record({
    p: fc.record({
      ...backup,
      to: fc.constant(["a", "b"]),
      postgres,
      format: maybe(fc.constantFrom("sql", "custom")),
      compress: maybe(fc.constantFrom("zstd", "gzip")),
    }),
    c: fc.record({
      ...backup,
      to: fc.constant(["b", "a"]),
      capsule: fc.constant({ root: "r", exclude: ["y/**"] }),
    }),
    s: fc.record({ ...basis, checksums: fc.constant({ destination: "a" }) }),
    r: fc.record({
      ...basis,
      command: fc.record({
        argv: fc.constant(["x", "-y"]),
        cwd: maybe(fc.constant("/tmp")),
        env: maybe(fc.constant({ A: "1" })),
      }),
    }),
  }),
});

function comparable(config: Config): unknown {
  return { ...config, secrets: config.secrets.map((secret) => secret.reveal()) };
}

test("what is shown reads back as the same configuration", async (context) => {
  const folder = await createConfigFolder(context, { PW: "word" });
  await fc.assert(
    fc.asyncProperty(documents, async (document) => {
      const config = await folder.load(stringify(document));
      const shown = folder.loader.showEffective(config);
      assert.deepEqual(comparable(await folder.load(shown)), comparable(config), shown);
    }),
    { numRuns: 60 },
  );
});
