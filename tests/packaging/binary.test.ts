import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { buildBinary } from "../../scripts/packaging/binary.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { tryProgram } from "../servers/run-program.ts";
import { createDebianMachine, type DebianMachine } from "./debian-machine.ts";

describe("the single executable", { timeout: 300_000 }, () => {
  let program = "";
  let machine: DebianMachine;
  before(async () => {
    program = (await buildBinary(temporaryDirectory("binary"))).path;
    machine = await createDebianMachine();
    machine.give(program);
  });

  test("does the demo on a machine without Node, on the machine's PostgreSQL", async () => {
    assert.notEqual((await machine.run("command -v node nodejs npm")).code, 0);
    const { code, stdout, stderr } = await machine.run("/root/codex-backup demo");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /start PostgreSQL: postgres \(PostgreSQL\) \d+\.\d+ \(Debian/);
    assert.match(stdout, /verify every copy to its end: 2 copies, all equal/);
    assert.match(stdout, /The restored database equals the source\./);
    assert.match(stdout, /equal +20000 rows {2}audit_logs/);
    assert.equal(await machine.demand("ls /tmp"), "");
  });

  test("says what to install where there is no PostgreSQL", async () => {
    const { code, stderr } = await machine.run(
      "mv /usr/lib/postgresql /usr/lib/away; /root/codex-backup demo",
    );
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^Cannot start the demo: there is no PostgreSQL server.*\n {2}Install one: apt-get install postgresql/m,
    );
  });

  test("packs and hashes on threads, whose code it carries inside", async () => {
    const { stdout } = await machine.run(`
      mkdir -p /srv/tree; cd /srv
      for n in $(seq 80); do head -c 200000 /dev/urandom > tree/$n; done
      printf 'version: 1\\nstate: ./state\\ndestinations:\\n  store: { path: ./store }\\njobs:\\n  capsule:\\n    capsule: { root: ./tree }\\n    to: [store]\\n' > codex-backup.yaml
      printf '  checksums:\\n    checksums: { destination: store }\\n' >> codex-backup.yaml
      /root/codex-backup destination init --all && /root/codex-backup --json run --all && cd store && sha256sum -c checksums.txt`);
    assert.match(
      stdout,
      /"job": "capsule"[\s\S]*"outcome": "complete"[\s\S]*"summary": "2 files, all equal"/,
    );
    assert.match(stdout, /\.zip: OK\n/);
  });

  test("does not listen to NODE_OPTIONS, which is meant for other programs", async () => {
    const env = { NODE_OPTIONS: "--require /nonexistent.js" };
    const { code, stdout } = await tryProgram([program, "--version"], { env });
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });
});
