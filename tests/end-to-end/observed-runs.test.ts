import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { createOperator, type Json } from "./cli-tool.ts";

const jobs = `
destinations:
  replays: { path: replays }
jobs:
  capsule:
    capsule: { root: tree, include: [audit.log, "ledger/**"] }
    to: replays
  broken:
    command: { argv: [/bin/false] }
`;

/** A collector of traces on this machine, and the spans that it was given. */
async function startCollector() {
  const spans: Json[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const [{ scopeSpans }] = JSON.parse(Buffer.concat(parts).toString()).resourceSpans;
      spans.push(...scopeSpans[0].spans);
      response.end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.close());
  const { port } = server.address() as AddressInfo; // proven: it listens on TCP
  return { url: `http://127.0.0.1:${port}`, spans };
}

test("each run leaves its lines in the log for people, and its trace at the collector", async () => {
  const collector = await startCollector();
  const operator = createOperator(
    `state: state\nlogs: { file: log/backup.log }\ntelemetry: { otlp: { url: "${collector.url}" } }\n${jobs}`,
  );
  await operator.run("destination", "init", "--all");
  const { document } = await operator.json("run", "capsule", "broken");
  const [capsule, broken] = document.runs;
  const lines = readFileSync(operator.path("log/backup.log"), "utf8").trimEnd().split("\n");
  assert.match(String(lines[0]), /^\S+Z info capsule: complete.*, run \S+$/);
  assert.ok(lines[0]?.includes(capsule.runId) && lines[0].includes(capsule.backup.id));
  assert.match(String(lines[1]), /^\S+Z error broken: failed.*, run \S+$/);
  assert.match(String(lines[2]), /^\S+Z error broken: Cannot .*\[command\.failed\]$/);
  const roots = collector.spans.filter((span) => span.parentSpanId === undefined);
  assert.deepEqual(
    roots.map(({ name, status }) => [name, status.code]),
    [
      ["run capsule", 1],
      ["run broken", 2],
    ],
  );
  const steps = collector.spans.filter((span) => span.parentSpanId === roots[0]?.spanId);
  assert.ok(steps.some(({ name }) => name === "capsule"));
  assert.equal(broken.outcome, "failed");
});

test("neither a collector that is gone nor a log that cannot be written changes a run", async () => {
  const config = `state: state\nlogs: { file: notes/backup.log }\ntelemetry: { otlp: { url: "http://127.0.0.1:9" } }\n${jobs}`;
  const operator = createOperator(config);
  writeFileSync(operator.path("notes"), "a file where a directory should be");
  await operator.run("destination", "init", "--all");
  const { code, stdout, stderr } = await operator.run("run", "capsule");
  assert.equal(code, 0, stderr);
  assert.match(stdout, /capsule/);
  assert.match(stderr, /Cannot open log "[^"]*notes\/backup\.log"/);
  assert.match(stderr, /Cannot send traces to "http:\/\/127\.0\.0\.1:9"/);
  const { document } = await operator.json("list");
  assert.equal(document.backups.length, 1);
});

test("what cannot be a collector's address is refused with its place", async () => {
  const operator = createOperator(`telemetry: { otlp: { url: "http://user:secret@host" } }\n${jobs}`);
  const { code, stderr } = await operator.runHere("config", "check");
  assert.equal(code, 2);
  assert.match(stderr, /:1:\d+: telemetry\.otlp\.url/);
  assert.doesNotMatch(stderr, /secret/);
});
