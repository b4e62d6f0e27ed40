import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { ownProgram } from "./own-program.ts";
import { toolVersion } from "./version.ts";

test("both the launcher and the program for children are this very program", () => {
  const { file, args, launcher } = ownProgram();
  for (const argv of [[file, ...args], [launcher]]) {
    const [program = "", ...words] = argv;
    const env = { PATH: "/usr/bin:/bin" };
    const { stdout, status } = spawnSync(program, [...words, "--version"], {
      env,
      encoding: "utf8",
      cwd: "/",
    });
    assert.equal(status, 0);
    assert.equal(stdout, `${toolVersion()}\n`);
  }
});
