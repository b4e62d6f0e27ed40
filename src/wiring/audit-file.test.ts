import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../tests/servers/cleanup.ts";
import { Failure } from "../domain/failure.ts";
import type { AuditEntry } from "../http/http.ts";
import { createAuditFile } from "./audit-file.ts";

const entry = { who: "ops", action: "run", target: "database" } as unknown as AuditEntry; // only written, as JSON

test("a large audit log is moved on, nothing of it is lost, and others cannot read it", async () => {
  const path = join(temporaryDirectory("audit"), "deep", "audit.log");
  const audit = createAuditFile(path);
  await audit.record(entry);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const old = `${"x".repeat(99)}\n`.repeat(100_000);
  writeFileSync(path, old, { flag: "a" });
  await audit.record(entry);
  assert.equal(existsSync(path), false);
  await audit.record(entry);
  const line = `${JSON.stringify(entry)}\n`;
  assert.equal(readFileSync(`${path}.1`, "utf8"), line + old + line);
  assert.equal(readFileSync(path, "utf8"), line);
});

test("a link in its place is not followed: the change that would be put down there is refused", async () => {
  const directory = temporaryDirectory("audit");
  writeFileSync(join(directory, "victim"), "mine");
  symlinkSync(join(directory, "victim"), join(directory, "audit.log"));
  await assert.rejects(createAuditFile(join(directory, "audit.log")).record(entry), (thrown: unknown) => {
    assert.ok(thrown instanceof Failure);
    assert.equal(thrown.code, "http.audit");
    return true;
  });
  assert.equal(readFileSync(join(directory, "victim"), "utf8"), "mine");
});
