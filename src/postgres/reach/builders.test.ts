import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { Secret } from "../../domain/secret.ts";
import type { ChildSpec } from "../../platform/child.ts";
import { type CallContext, cleanEnvironment, type ProgramCall } from "./call.ts";
import { containerSpec } from "./container.ts";
import { kubectlSpec, parsePodName } from "./kubectl.ts";
import { localSpec } from "./local.ts";
import { formatPassfile } from "./passfile.ts";
import { quoteForShell, sshSpec } from "./ssh.ts";

const call: ProgramCall = {
  program: "pg_dump",
  args: ["--dbname=dbname='it''s'"],
  stdout: "pipe",
  login: true,
};
const context = (password: string): CallContext => ({
  ownEnv: { PATH: "/bin", LC_ALL: "C" },
  password: new Secret(password),
  passfile: "/tmp/.codex-backup-abc",
});
const pod = { namespace: "prod", pod: "pg-0", container: "postgres" };

function everyWay(program: ProgramCall, password: string): readonly ChildSpec[] {
  const given = context(password);
  return [
    localSpec(program, given),
    containerSpec({ engine: "docker", id: "0123abc" }, program, given),
    kubectlSpec(pod, program, given),
    sshSpec({ host: "db1", args: ["-p", "2222"] }, program, given),
  ];
}

test("no transport puts the password into an argv", () => {
  const password = fc.string({ minLength: 6, unit: fc.constantFrom(..."!\"#$%&'()*+,;<>?@[]^`{|}~") });
  fc.assert(
    fc.property(password, (secret) => {
      for (const spec of everyWay(call, secret)) {
        assert.ok(![spec.program, ...spec.args].some((word) => word.includes(secret)), spec.program);
      }
    }),
  );
});

test("the password goes only to programs that log in", () => {
  for (const spec of everyWay({ ...call, login: false }, "canary-secret")) {
    assert.ok(!JSON.stringify(spec).includes("canary-secret"));
    assert.ok(!JSON.stringify(spec).includes("PGPASS"));
  }
});

test("docker takes the password's value from its own environment, and never a TTY", () => {
  const spec = containerSpec({ engine: "podman", id: "0123abc" }, call, context("s3cret"));
  assert.deepEqual(
    [spec.program, ...spec.args],
    ["podman", "exec", "-i", "--env", "LC_ALL=C", "--env", "PGPASSWORD", "0123abc", "pg_dump", ...call.args],
  );
  assert.equal(spec.env.PGPASSWORD, "s3cret");
});

test("kubectl and ssh hand over a password file and take a foreign PGPASSWORD away", () => {
  const far = [
    "env",
    "-u",
    "PGPASSWORD",
    "PGPASSFILE=/tmp/.codex-backup-abc",
    "LC_ALL=C",
    "pg_dump",
    ...call.args,
  ];
  const spec = kubectlSpec(pod, call, context("x"));
  const own = ["exec", "-i", "--namespace=prod", "pg-0", "--container=postgres", "--"];
  assert.deepEqual(spec.args, [...own, ...far]);
  const ssh = sshSpec({ host: "db1", args: ["-p", "2222"] }, call, context("x"));
  assert.deepEqual(ssh.args, [
    "-T",
    "-o",
    "BatchMode=yes",
    "-p",
    "2222",
    "--",
    "db1",
    far.map(quoteForShell).join(" "),
  ]);
});

test("a real shell reads back any word that was quoted for it", () => {
  const word = fc.string({ unit: "binary" }).filter((text) => !text.includes("\0") && text.isWellFormed());
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
      const line = `for w in ${words.map(quoteForShell).join(" ")}; do printf '%s\\0' "$w"; done`;
      assert.equal(
        execFileSync("/bin/sh", ["-c", line]).toString("utf8"),
        words.map((one) => `${one}\0`).join(""),
      );
    }),
    { numRuns: 60 },
  );
});

test("what libpq would obey is not inherited, whoever set it", () => {
  const env = cleanEnvironment({
    PATH: "/bin",
    HOME: "/root",
    DOCKER_HOST: "unix:///x",
    PGUSER: "somebody",
    PGPASSWORD: "theirs",
    PGOPTIONS: "-c x=y",
    PGSERVICEFILE: "/x",
    LC_MESSAGES: "de_DE",
    LANGUAGE: "de",
    UNSET: undefined,
  });
  assert.deepEqual(env, { PATH: "/bin", HOME: "/root", DOCKER_HOST: "unix:///x", LC_ALL: "C" });
});

test("a password file holds colons and backslashes escaped", () => {
  assert.equal(formatPassfile(new Secret("a:b\\c d'e")), "*:*:*:*:a\\:b\\\\c d'e\n");
});

test("a pod's name may carry its namespace and container", () => {
  assert.deepEqual(parsePodName("pg-0"), { namespace: null, pod: "pg-0", container: null });
  assert.deepEqual(parsePodName("prod/pg-0"), { namespace: "prod", pod: "pg-0", container: null });
  assert.deepEqual(parsePodName("prod/pg-0/postgres"), pod);
  for (const wrong of ["", "a/b/c/d", "--help", "a b"]) assert.equal(parsePodName(wrong), null, wrong);
});
