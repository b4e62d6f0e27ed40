import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { buildPackage } from "../../scripts/packaging/npm.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { runProgram, tryProgram } from "../servers/run-program.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

describe("the npm package", { timeout: 300_000 }, () => {
  const place = temporaryDirectory("npm");
  const home = join(place, "home");
  const program = join(home, "node_modules/.bin/codex-backup");
  const env = { PATH: `${join(place, "bin")}:/usr/bin:/bin`, HOME: home };
  before(async () => {
    await buildPackage(join(place, "package"));
    for (const folder of ["bin", "home"]) mkdirSync(join(place, folder));
    symlinkSync(process.execPath, join(place, "bin/node"));
    writeFileSync(join(home, "package.json"), "{}");
    const npm = { cwd: home, env: { ...env, npm_config_cache: join(place, "cache") } };
    const packed = await runProgram(["npm", "pack", join(place, "package"), "--json"], npm);
    const [{ filename }] = JSON.parse(packed);
    // An empty cache and no network: whatever it needed beside itself would be missed here.
    await runProgram(["npm", "install", "--offline", "--no-audit", "--no-fund", `./${filename}`], npm);
  });

  test("installs without anything else, and says its version through its own bin", async () => {
    assert.equal(await runProgram([program, "--version"], { env, cwd: home }), `${version}\n`);
    const manifest = JSON.parse(readFileSync(join(home, "node_modules/codex-backup/package.json"), "utf8"));
    assert.equal(manifest.dependencies, undefined);
    assert.equal(manifest.private, undefined);
    assert.ok(existsSync(join(home, "node_modules/codex-backup/THIRD-PARTY.txt")));
  });

  test("makes a config, packs a capsule on threads, and verifies it", async () => {
    mkdirSync(join(home, "tree"));
    for (let n = 0; n < 60; n++) writeFileSync(join(home, "tree", `${n}`), Buffer.alloc(200_000, n));
    await runProgram([program, "--config", "first.yaml", "init", "--preset", "codex"], { env, cwd: home });
    assert.match(readFileSync(join(home, "first.yaml"), "utf8"), /^jobs:/m);
    const config =
      "version: 1\nstate: ./state\ndestinations:\n  store: { path: ./store }\njobs:\n  capsule:\n    capsule: { root: ./tree }\n    to: [store]\n";
    writeFileSync(join(home, "codex-backup.yaml"), config);
    for (const words of [["destination", "init", "--all"], ["run", "capsule"], ["verify"]])
      await runProgram([program, ...words], { env, cwd: home });
    const { backups } = JSON.parse(await runProgram([program, "--json", "list"], { env, cwd: home }));
    assert.equal(backups.length, 1);
    assert.equal(backups[0].level, "read");
  });

  test("holds neither sources nor tests, and a stack leads to the sources' lines", async () => {
    const top = join(home, "node_modules/codex-backup");
    const files = await runProgram(["find", top, "-name", "*.ts"]);
    assert.equal(files, "");
    const map = JSON.parse(readFileSync(join(top, "codex-backup.js.map"), "utf8"));
    assert.ok(map.sources.some((source: string) => source.endsWith("src/main.ts")));
  });

  test("with only an old Node it says how to get another, and ends with 2", async () => {
    mkdirSync(join(place, "old"));
    writeFileSync(join(place, "old/node"), "#!/bin/sh\necho v20.11.1\n", { mode: 0o755 });
    const bare = { PATH: `${join(place, "old")}:/usr/bin:/bin` };
    const { code, stderr } = await tryProgram([program, "list"], { env: bare, cwd: home });
    assert.equal(code, 2);
    assert.match(stderr, /\n {2}Run "npm install node@26" where this package was installed/);
  });
});
