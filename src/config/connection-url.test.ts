import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ConnectionUrl, parseConnectionUrl } from "./connection-url.ts";

function parse(url: string): ConnectionUrl {
  const parsed = parseConnectionUrl(url);
  assert.ok(!("problem" in parsed), "problem" in parsed ? parsed.problem : "");
  return parsed;
}

const nothing: ConnectionUrl = {
  host: null,
  port: null,
  user: null,
  password: null,
  database: null,
  parameters: {},
};

test("a URL is split as libpq does", () => {
  assert.deepEqual(parse("postgres://"), nothing);
  assert.deepEqual(parse("postgresql://db"), { ...nothing, host: "db" });
  assert.deepEqual(parse("postgres:///codexdb"), { ...nothing, database: "codexdb" });
  assert.deepEqual(parse("postgres://u@[::1]:5433/d"), {
    ...nothing,
    user: "u",
    host: "::1",
    port: 5433,
    database: "d",
  });
  assert.deepEqual(parse("postgres://%2Fvar%2Frun%2Fpostgresql/d%2Fx"), {
    ...nothing,
    host: "/var/run/postgresql",
    database: "d/x",
  });
  assert.deepEqual(parse("postgres://u:p@h/d?sslmode=require&connect_timeout=5&host=%2Ftmp"), {
    ...nothing,
    user: "u",
    password: "p",
    host: "/tmp",
    database: "d",
    parameters: { sslmode: "require", connect_timeout: "5" },
  });
});

test("every printable password comes through percent-encoding unchanged", () => {
  const printable = fc.string({
    unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
    minLength: 1,
  });
  fc.assert(
    fc.property(printable, printable, printable, (user, password, database) => {
      const [u, p, d] = [user, password, database].map(encodeURIComponent);
      const parsed = parse(`postgres://${u}:${p}@db.example:6543/${d}?sslmode=prefer`);
      assert.deepEqual([parsed.user, parsed.password, parsed.database], [user, password, database]);
      assert.deepEqual([parsed.host, parsed.port], ["db.example", 6543]);
    }),
  );
});

test("a bare @ or : in a password does not become part of the host", () => {
  assert.deepEqual(parse("postgres://u:p@ss:w@h/d"), {
    ...nothing,
    user: "u",
    password: "p@ss:w",
    host: "h",
    database: "d",
  });
});

test("what cannot be read is refused without repeating any of it", () => {
  const broken = [
    "mysql://u:canary@h",
    "postgres://u:canary%zz@h",
    "postgres://u:canary@h:99999",
    "postgres://u:canary@a,b/d",
    "postgres://u:canary@h/d?schema=public",
    "postgres://u:canary@h:port/d",
    "canary",
  ];
  for (const url of broken) {
    const parsed = parseConnectionUrl(url);
    assert.ok("problem" in parsed, url);
    assert.doesNotMatch(parsed.problem, /canary/);
  }
});
