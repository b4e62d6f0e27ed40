import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { capsuleJob, createRealContext } from "../../../tests/fakes/real-context.ts";
import { temporaryDirectory } from "../../../tests/servers/cleanup.ts";
import { createOperations } from "../create-operations.ts";
import type { Operations, RestoreRequest } from "../operation.ts";

const signal = new AbortController().signal;
const id = "capsule_20260101T000000Z";

interface Scene {
  readonly home: string;
  readonly operations: Operations;
  /** Of another program, at the destination. */
  readonly zip: string;
}

async function scene(t: TestContext): Promise<Scene> {
  const home = temporaryDirectory("restore-capsule");
  mkdirSync(join(home, "tree/ledger"), { recursive: true });
  writeFileSync(join(home, "tree/ledger/entry.json"), '{"amount": 12}\n');
  writeFileSync(join(home, "tree/audit.log"), "one\n");
  const jobs = [capsuleJob(join(home, "tree"))];
  const context = createRealContext({ home, jobs, destinations: ["replays"] });
  t.after(() => context.catalog.close());
  const operations = createOperations(context);
  await operations.initialiseDestinations([]);
  const zip = join(home, "replays", `${id}.zip`);
  execFileSync("zip", ["-q", "-r", zip, "."], { cwd: join(home, "tree") });
  return { home, operations, zip };
}

function request(given: Pick<RestoreRequest, "backup" | "to"> & Partial<RestoreRequest>): RestoreRequest {
  const plain = { overwrite: null, only: [], roles: "missing", withoutOwners: false, job: null } as const;
  return { ...plain, dryRun: false, signal, ...given };
}

async function adopt({ home, operations }: Scene, count = 1): Promise<void> {
  const adopted = await operations.adopt({
    directory: join(home, "replays"),
    job: "capsule",
    pattern: "*.zip",
    signal,
  });
  assert.deepEqual(
    adopted.map(({ exit }) => exit),
    Array<number>(count).fill(0),
  );
}

function damage(zip: string): void {
  const bytes = readFileSync(zip);
  bytes[50] = (bytes[50] ?? 0) ^ 1;
  writeFileSync(zip, bytes);
}

test("an adopted zip is restored, whole and in part; a dry run writes nothing", async (t) => {
  const made = await scene(t);
  const { home, operations } = made;
  await adopt(made);
  const dry = await operations.restore(request({ backup: id, to: join(home, "out"), dryRun: true }));
  assert.ok(dry.kind === "capsule" && dry.entries === 3);
  assert.ok(!readdirSync(home).includes("out"));
  await operations.restore(request({ backup: id, to: join(home, "out") }));
  assert.equal(readFileSync(join(home, "out/ledger/entry.json"), "utf8"), '{"amount": 12}\n');
  assert.equal(readFileSync(join(home, "out/audit.log"), "utf8"), "one\n");
  await operations.restore(request({ backup: id, to: join(home, "part"), only: ["audit.log"] }));
  assert.deepEqual(readdirSync(join(home, "part")), ["audit.log"]);
});

test("a bare zip of another program is restored", async (t) => {
  const { home, operations, zip } = await scene(t);
  const report = await operations.restore(request({ backup: zip, to: join(home, "out") }));
  assert.ok(report.kind === "capsule" && report.entries === 3);
  assert.equal(readFileSync(join(home, "out/audit.log"), "utf8"), "one\n");
});

test("an adopted zip that was damaged since is refused by its hash, before anything is made", async (t) => {
  const made = await scene(t);
  const { home, operations, zip } = made;
  await adopt(made);
  damage(zip);
  for (const backup of [id, zip]) {
    const asked = request({ backup, to: join(home, "out") });
    await assert.rejects(operations.restore(asked), { code: "backup.mismatch" }, backup);
  }
  assert.ok(!readdirSync(home).includes("out"));
});

test("a capsule that a check found damaged is refused, and its dry run too, with the newest good one named", async (t) => {
  const made = await scene(t);
  const { home, operations, zip } = made;
  const second = "capsule_20260102T000000Z";
  copyFileSync(zip, join(home, "replays", `${second}.zip`));
  await adopt(made, 2);
  const verify = () => operations.verify({ backups: [], level: "read", sinceMs: null, signal });
  await verify();
  damage(join(home, "replays", `${second}.zip`));
  await verify();
  for (const dryRun of [true, false]) {
    const asked = request({ backup: second, to: join(home, "out"), dryRun });
    await assert.rejects(operations.restore(asked), {
      code: "backup.mismatch",
      message: `Cannot restore "${second}": its only copy, at "replays", was found damaged`,
      hint: new RegExp(`^Restore ${id} instead, the newest good backup`),
    });
  }
  assert.ok(!readdirSync(home).includes("out"));
});

test("a path that the capsule does not hold is refused, by a dry run too, with a command that lists them", async (t) => {
  const made = await scene(t);
  const { home, operations } = made;
  await adopt(made);
  for (const dryRun of [true, false]) {
    const asked = request({ backup: id, to: join(home, "out"), only: ["ledger", "nope"], dryRun });
    await assert.rejects(operations.restore(asked), { code: "capsule.entry-missing", hint: /unzip -l/ });
  }
  const dry = await operations.restore(
    request({ backup: id, to: join(home, "out"), only: ["./ledger/"], dryRun: true }),
  );
  assert.ok(dry.kind === "capsule" && dry.entries === 2);
});
