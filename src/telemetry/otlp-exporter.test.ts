import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { createHandClock } from "../../tests/fakes/hand-clock.ts";
import { Failure } from "../domain/failure.ts";
import { instant } from "../domain/instant.ts";
import type { RunTrace } from "../domain/runs/run-trace.ts";
import { Secret } from "../domain/secret.ts";
import { createOtlpExporter } from "./otlp-exporter.ts";

const signal = new AbortController().signal;
const origin = { version: "1.2.3", host: "db1" };
const startedAt = instant(Date.parse("2026-11-23T01:00:00.123Z"));

const trace: RunTrace = {
  report: {
    runId: "20261123T010000Z-ab12cd",
    job: "database",
    database: "codexdb",
    slot: "2026-11-23T01:00:00.000Z",
    outcome: "failed",
    level: "unknown",
    startedAt: "2026-11-23T01:00:00.123Z",
    durationMs: 4100,
    windowMs: null,
    backup: null,
    copies: [],
    pruned: null,
    warnings: [],
    failure: { code: "postgres.login", message: "Cannot log in", hint: null },
    summary: "failed",
    exit: 1,
  },
  startedAt,
  endedAt: instant(startedAt + 4100),
  steps: [{ name: "dump", startedAt, endedAt: instant(startedAt + 5), doneBytes: 9_007_199_254_740_991 }],
};

/** A collector on a free port of this machine. */
async function startCollector(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // proven: it listens on TCP
  return `http://127.0.0.1:${port}`;
}

const clock = createHandClock();
const exporterTo = (url: string) =>
  createOtlpExporter({
    settings: { url, headers: [{ name: "x-key", value: new Secret("canary-8831") }] },
    origin,
    clock,
  });

test("a collector is given one trace a run, with its steps inside, exact times and the header's secret", async () => {
  const heard: { path: string | undefined; key: unknown; body: string }[] = [];
  const url = await startCollector((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString();
      heard.push({ path: request.url, key: request.headers["x-key"], body });
      response.end("{}");
    });
  });
  await exporterTo(`${url}/`).send([trace], signal);
  await exporterTo(url).send([trace], signal);
  const [first, second] = heard;
  assert.equal(first?.path, "/v1/traces");
  assert.equal(first?.key, "canary-8831");
  assert.equal(first?.body, second?.body, "sent twice, it is the same trace");
  const [run, step] = JSON.parse(first?.body ?? "").resourceSpans[0].scopeSpans[0].spans;
  assert.match(run.traceId, /^[0-9a-f]{32}$/);
  assert.equal(step.parentSpanId, run.spanId);
  assert.equal(step.traceId, run.traceId);
  assert.equal(run.startTimeUnixNano, "1795395600123000000");
  assert.equal(run.endTimeUnixNano, "1795395604223000000");
  assert.deepEqual(run.status, { code: 2, message: "Cannot log in" });
  assert.deepEqual(step.attributes, [{ key: "codex_backup.bytes", value: { intValue: "9007199254740991" } }]);
});

async function failureOf(url: string): Promise<string> {
  const thrown = await exporterTo(url)
    .send([trace], signal)
    .then(
      () => null,
      (error: unknown) => error,
    );
  assert.ok(thrown instanceof Failure);
  assert.equal(thrown.code, "telemetry.collector");
  assert.doesNotMatch(`${thrown.message} ${thrown.hint}`, /canary-8831/);
  return thrown.message;
}

test("a collector that refuses, redirects, is gone or hangs is told as such, and waited for two seconds at most", async () => {
  const refusing = await startCollector((_request, response) => response.writeHead(401).end());
  assert.match(await failureOf(refusing), /it answered 401$/);
  const elsewhere = await startCollector((_request, response) =>
    response.writeHead(302, { location: refusing }).end(),
  );
  assert.match(await failureOf(elsewhere), /redirect/);
  assert.match(await failureOf("http://127.0.0.1:1"), /ECONNREFUSED|bad port/);
  const asked = Promise.withResolvers<void>();
  const told = failureOf(await startCollector(() => asked.resolve()));
  await asked.promise;
  clock.advance(2000);
  assert.match(await told, /no answer within 2 s$/);
});

test("a run that is asked to end waits for no collector", async () => {
  const reason = new Failure("run.interrupted", "Cannot go on: asked to end");
  const controller = new AbortController();
  const url = await startCollector(() => controller.abort(reason));
  await assert.rejects(exporterTo(url).send([trace], controller.signal), reason);
});
