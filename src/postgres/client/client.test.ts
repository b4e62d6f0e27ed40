import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDirectories, preferenceFor } from "./directories.ts";
import { loadsEnumHashViaRoot, majorOf, parseClientVersion } from "./version.ts";

const listing = "/usr:\nbin\nlib\npgsql-16\n\n/usr/lib/postgresql:\n13\n17\n9.6\n15\n";

test("both distributions' directories are found, newest first", () => {
  assert.deepEqual(
    parseDirectories(listing).map((one) => one.path),
    [
      "/usr/lib/postgresql/17/bin/",
      "/usr/pgsql-16/bin/",
      "/usr/lib/postgresql/15/bin/",
      "/usr/lib/postgresql/13/bin/",
    ],
  );
});

test("a server gets its own major, else the smallest newer one, and the PATH last", () => {
  const paths = (major: number) => preferenceFor(parseDirectories(listing), major).map((one) => one.major);
  assert.deepEqual(paths(15), [15, 16, 17, null]);
  assert.deepEqual(paths(14), [15, 16, 17, null]);
  assert.deepEqual(paths(18), [null]);
});

test("versions of packages, betas and other programs are told apart", () => {
  const debian = "pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n";
  assert.deepEqual(parseClientVersion(debian), { text: "15.20", major: 15, minor: 20 });
  assert.deepEqual(parseClientVersion("pg_dump (PostgreSQL) 18beta2"), {
    text: "18beta2",
    major: 18,
    minor: 0,
  });
  assert.equal(parseClientVersion("BusyBox v1.36"), null);
  assert.equal(majorOf(150_018), 15);
});

test("old minor releases do not load enum-hash partitions through the root", () => {
  const loads = (text: string) => {
    const version = parseClientVersion(`pg_dump (PostgreSQL) ${text}`);
    return version !== null && loadsEnumHashViaRoot(version);
  };
  assert.deepEqual(["15.2", "15.3", "14.7", "16.0", "18.1", "10.23"].map(loads), [
    false,
    true,
    false,
    true,
    true,
    false,
  ]);
});
