import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { childEnvironment } from "./child-environment.ts";
import { randomToken } from "./random-token.ts";

const account = { name: "codex", home: "/home/codex" };

test("nothing of the operator's shell that could change a backup reaches a child", () => {
  const dangerous = {
    PGHOST: "elsewhere",
    PGPASSWORD: "x",
    PGOPTIONS: "-c a=b",
    LD_PRELOAD: "/x.so",
    LC_ALL: "de_DE.UTF-8",
    LANGUAGE: "de",
    NODE_OPTIONS: "--x",
    BASH_ENV: "/x",
    ZSTD_CLEVEL: "19",
    GZIP: "-9",
  };
  assert.deepEqual(childEnvironment({ PATH: "/bin", HOME: "/root", ...dangerous }, account), {
    PATH: "/bin",
    HOME: "/root",
    USER: "codex",
    LOGNAME: "codex",
    LANG: "C.UTF-8",
  });
});

test("no variable of libpq passes, whatever it is called", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^PG[A-Z]{1,12}$/), (name) => {
      assert.ok(!Object.keys(childEnvironment({ [name]: "x" }, account)).includes(name));
    }),
  );
});

test("what the container clients and ssh need to find their server passes", () => {
  const needed = {
    DOCKER_HOST: "unix:///d.sock",
    XDG_RUNTIME_DIR: "/run/user/7",
    KUBECONFIG: "/k",
    SSH_AUTH_SOCK: "/s",
  };
  const given = childEnvironment(needed, account);
  assert.deepEqual({ ...given, ...needed }, given);
});

test("cron's and systemd's bare environments get a path with the system's programs, and the account's home", () => {
  const { PATH = "", HOME } = childEnvironment({ PATH: "" }, account);
  assert.ok(PATH.split(":").includes("/usr/sbin") && PATH.split(":").includes("/bin"));
  assert.equal(HOME, "/home/codex");
});

test("tokens have the length asked for, safe letters only, and do not repeat", () => {
  const tokens = Array.from({ length: 200 }, () => randomToken(24));
  for (const token of tokens) assert.match(token, /^[a-z0-9]{24}$/);
  assert.equal(new Set(tokens).size, tokens.length);
  assert.equal(randomToken(0), "");
});
