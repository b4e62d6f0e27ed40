import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { Failure } from "../domain/failure.ts";
import { instant } from "../domain/instant.ts";
import { Secret } from "../domain/secret.ts";
import { createLog } from "./log.ts";
import { createRunId } from "./run-id.ts";
import { createRunLogFile, readRunLog, removeSurplusRunLogs, surplusRunLogs } from "./run-log.ts";

const root = mkdtempSync(join(tmpdir(), "run-log-"));
after(() => rmSync(root, { recursive: true }));

const idOf = (second: number) => createRunId(instant(second * 1000), () => Uint8Array.of(1, 2, 3));
const runId = idOf(0);
const forEver = Number.POSITIVE_INFINITY;
let directories = 0;
const newDirectory = () => join(root, `state-${directories++}`, "logs");

test("what a run logs is read back in order, with its fields, and without its secrets", () => {
  const directory = newDirectory();
  const file = createRunLogFile(directory, runId);
  const secrets = [new Secret("hunter2-hunter2")];
  const log = createLog({ level: "debug", streams: [file], secrets: () => secrets });
  log.info({ table: "a", rows: 3 }, "dumped");
  log.warn("password is hunter2-hunter2");
  file.close();
  const entries = readRunLog(directory, runId) ?? [];
  assert.deepEqual(
    entries.map(({ level, message, fields }) => ({ level, message, fields })),
    [
      { level: "info", message: "dumped", fields: { table: "a", rows: 3 } },
      { level: "warn", message: "password is [secret]", fields: {} },
    ],
  );
  assert.match(entries[0]?.time ?? "", /^\d{4}-.*Z$/);
});

test("the log and its directory are for their owner only", () => {
  const directory = newDirectory();
  createRunLogFile(directory, runId).close();
  assert.equal(statSync(join(directory, `${runId}.jsonl`)).mode & 0o777, 0o600);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
});

test("lines are in the file as soon as they are written, so that a killed run leaves them", () => {
  const directory = newDirectory();
  const file = createRunLogFile(directory, runId);
  file.write('{"msg":"first"}\n');
  assert.equal(readRunLog(directory, runId)?.[0]?.message, "first");
  file.close();
});

test("a line cut by a crash does not hide those before it", () => {
  const directory = newDirectory();
  const file = createRunLogFile(directory, runId);
  file.write('{"level":"info","msg":"whole"}\n');
  file.close();
  appendFileSync(file.path, '{"level":"info","ms');
  assert.deepEqual(
    readRunLog(directory, runId)?.map((entry) => [entry.level, entry.message]),
    [
      ["info", "whole"],
      [null, '{"level":"info","ms'],
    ],
  );
});

test("a run that repeats itself stops growing its log, and the log says how much is missing", () => {
  const directory = newDirectory();
  const file = createRunLogFile(directory, runId, 100);
  for (let line = 0; line < 50; line++) file.write('{"msg":"1234"}\n');
  assert.equal(file.droppedLines(), 44);
  file.close();
  const entries = readRunLog(directory, runId) ?? [];
  assert.equal(entries.length, 7);
  assert.deepEqual(entries.at(-1)?.fields, { droppedLines: 44 });
});

test("writing after closing throws nothing and writes nothing", () => {
  const directory = newDirectory();
  const file = createRunLogFile(directory, runId);
  file.close();
  file.close();
  file.write("late\n");
  assert.equal(readFileSync(file.path, "utf8"), "");
  assert.equal(file.droppedLines(), 1);
});

test("a log that is there is not overwritten", () => {
  const directory = newDirectory();
  createRunLogFile(directory, runId).close();
  assert.throws(() => createRunLogFile(directory, runId), isFileFailure);
});

test("a directory that cannot be made is named", () => {
  const blocked = join(root, "a-file");
  writeFileSync(blocked, "");
  assert.throws(() => createRunLogFile(join(blocked, "logs"), runId), isFileFailure);
});

function isFileFailure(error: unknown): boolean {
  return error instanceof Failure && error.code === "platform.file" && error.message.includes(root);
}

test("a run without a log is null, and an id that is a path is refused", () => {
  assert.equal(readRunLog(newDirectory(), runId), null);
  assert.throws(
    () => readRunLog(root, "../../etc/passwd"),
    (error) => error instanceof Failure && error.code === "usage.invalid-value",
  );
});

test("removal leaves the newest logs and every file that is no log", () => {
  const directory = newDirectory();
  mkdirSync(directory, { recursive: true });
  for (let second = 0; second < 5; second++) createRunLogFile(directory, idOf(second)).close();
  writeFileSync(join(directory, "notes.jsonl"), "mine");
  assert.deepEqual(
    removeSurplusRunLogs(directory, { maxFiles: 2, maxBytes: 1000, maxAgeMs: forEver }),
    [0, 1, 2].map(idOf),
  );
  assert.deepEqual(
    [0, 3, 4].map((second) => existsSync(join(directory, `${idOf(second)}.jsonl`))),
    [false, true, true],
  );
  assert.ok(existsSync(join(directory, "notes.jsonl")));
  assert.deepEqual(
    removeSurplusRunLogs(newDirectory(), { maxFiles: 2, maxBytes: 1000, maxAgeMs: forEver }),
    [],
  );
});

test("what stays keeps both limits, is the newest, and is never nothing", () => {
  const sizes = fc.array(fc.nat(1000), { maxLength: 20 });
  fc.assert(
    fc.property(sizes, fc.nat(20), fc.nat(5000), (found, maxFiles, maxBytes) => {
      const logs = found.map((sizeBytes, second) => ({ runId: idOf(second), sizeBytes }));
      const surplus = surplusRunLogs(logs, { maxFiles, maxBytes, maxAgeMs: forEver });
      assert.deepEqual(
        surplus,
        logs.slice(0, surplus.length).map((log) => log.runId),
      );
      const kept = logs.slice(surplus.length);
      assert.ok(kept.length >= Math.min(1, logs.length));
      assert.ok(kept.length <= Math.max(1, maxFiles));
      assert.ok(kept.length <= 1 || kept.reduce((sum, log) => sum + log.sizeBytes, 0) <= maxBytes);
    }),
  );
});

test("logs go by their age against the newest one, so that an idle year or a wrong clock removes none", () => {
  const daySeconds = 86_400;
  const logs = [0, 100, 190, 200].map((day) => ({ runId: idOf(day * daySeconds), sizeBytes: 1 }));
  const limits = { maxFiles: 10, maxBytes: 1000, maxAgeMs: 90 * daySeconds * 1000 };
  assert.deepEqual(surplusRunLogs(logs, limits), [idOf(0), idOf(100 * daySeconds)]);
  assert.deepEqual(surplusRunLogs(logs.slice(0, 1), limits), []);
});
