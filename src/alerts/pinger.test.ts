import assert from "node:assert/strict";
import { test } from "node:test";
import { canary, failureOf } from "../../tests/contract/channel-contract.ts";
import { createHandClock } from "../../tests/fakes/hand-clock.ts";
import { type HttpSink, startHttpSink } from "../../tests/servers/http-sink.ts";
import { Secret } from "../domain/secret.ts";
import type { Ping, Pinger } from "./alert.ts";
import { createPinger } from "./pinger.ts";

const never = new AbortController().signal;
const ping: Ping = { job: "database", kind: "success", runId: "run-1", body: "complete, 223 MB in 4.1 s" };

async function atSink(
  check: (at: {
    readonly sink: HttpSink;
    readonly pinger: Pinger;
    readonly clock: ReturnType<typeof createHandClock>;
  }) => Promise<void>,
  path = `/ping/${canary}/database`,
): Promise<void> {
  const sink = await startHttpSink();
  const clock = createHandClock();
  const urls = new Map([["database", new Secret(`${sink.origin}${path}`)]]);
  try {
    await check({
      sink,
      clock,
      pinger: createPinger({ urls, template: null, caFile: null }, { clock, childEnv: {} }),
    });
  } finally {
    await sink.close();
  }
}

test("start, success and failure go to the three addresses, joined by one id for each run", () =>
  atSink(async ({ sink, pinger }) => {
    for (const kind of ["start", "fail", "success"] as const) await pinger.ping({ ...ping, kind }, never);
    await pinger.ping({ ...ping, runId: "run-2" }, never);
    const asked = sink.received.map(({ path }) => new URL(path, sink.origin));
    const base = `/ping/${canary}/database`;
    assert.deepEqual(
      asked.map(({ pathname }) => pathname),
      [`${base}/start`, `${base}/fail`, base, base],
    );
    const ids = asked.map(({ searchParams }) => searchParams.get("rid") ?? "");
    for (const id of ids) assert.match(id, /^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-a[\da-f]{3}-[\da-f]{12}$/);
    assert.deepEqual([ids[0], ids[0]], [ids[1], ids[2]]);
    assert.notEqual(ids[0], ids[3]);
    assert.equal(sink.received[2]?.body, ping.body);
    assert.equal(sink.received[2]?.method, "POST");
  }));

test("an address with a query of its own keeps it, and a slash at its end is not doubled", () =>
  atSink(async ({ sink, pinger }) => {
    await pinger.ping({ ...ping, kind: "fail" }, never);
    assert.match(sink.received[0]?.path ?? "", /^\/p\/fail\?create=1&rid=[\da-f-]{36}$/);
  }, "/p/?create=1"));

test("a body of any size and any characters is cut to what the other side keeps", () =>
  atSink(async ({ sink, pinger }) => {
    await pinger.ping({ ...ping, body: `a\u0000b\ud83d\r\n${"🐘".repeat(20_000)}` }, never);
    const body = sink.received[0]?.body ?? "";
    assert.ok(Buffer.byteLength(body) <= 10_000);
    assert.match(body, /^a b\ufffd\n🐘+…$/u);
  }));

test("a job that nobody watches is not pinged, and that is no failure", () =>
  atSink(async ({ sink, pinger }) => {
    await pinger.ping({ ...ping, job: "capsule" }, never);
    assert.deepEqual(sink.received, []);
  }));

test("a watcher that does not know the check, or is down, is told by job, without the address", () =>
  atSink(async ({ sink, pinger }) => {
    sink.answerWith((response, { path }) => response.writeHead(404).end(`no ${path}`));
    const unknown = await failureOf(pinger.ping(ping, never));
    assert.equal(unknown.code, "alerts.refused");
    assert.match(unknown.message, /the check of database/);
    sink.answerWith((response) => response.writeHead(503).end());
    assert.equal((await failureOf(pinger.ping(ping, never))).code, "alerts.unreachable");
  }));

test("a watcher that hangs costs ten seconds", () =>
  atSink(async ({ sink, pinger, clock }) => {
    sink.answerWith(() => undefined);
    const pinging = failureOf(pinger.ping(ping, never));
    await sink.arrived(1);
    clock.advance(10_000);
    assert.equal((await pinging).code, "alerts.unreachable");
  }));
