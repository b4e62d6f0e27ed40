import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Channel } from "../../src/alerts/alert.ts";
import { createHandClock, type HandClock } from "../fakes/hand-clock.ts";
import { failedMessage } from "../fixtures/alerts/messages.ts";
import { makeCertificate } from "../servers/certificate.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type HttpSink, type Received, startHttpSink } from "../servers/http-sink.ts";
import {
  type ChannelSubject,
  canary,
  describeChannelContract,
  failureOf,
  type Weather,
} from "./channel-contract.ts";

/** Makes the channel for a server at `origin`. Its secrets hold the canary. */
export type CreateHttpChannel = (
  at: { readonly origin: string; readonly caFile: string | null },
  clock: HandClock,
) => Channel;

/** What every channel over HTTP promises, beside the contract of channels. */
export function describeHttpChannelContract(title: string, create: CreateHttpChannel): void {
  const open = async (weather: Weather, clock: HandClock): Promise<ChannelSubject> => {
    const sink = await startHttpSink();
    const taken: Received[] = [];
    sink.answerWith((response, request) => {
      const said = `{"error":"${canary}","path":${JSON.stringify(request.path)},"sent":${JSON.stringify(request.headers)}}`;
      if (weather === "silent") return;
      if (weather === "busy") response.writeHead(429, { "retry-after": "7" }).end(said);
      else if (weather === "broken") response.writeHead(500).end(said);
      else if (weather === "refusing") response.writeHead(401).end(said);
      else {
        taken.push(request);
        response.end("ok");
      }
    });
    const channel = create({ origin: sink.origin, caFile: null }, clock);
    if (weather === "absent") await sink.close();
    return {
      channel,
      received: () => taken.map(({ body }) => body),
      reached: () => sink.arrived(1),
      close: async () => {
        if (weather !== "absent") await sink.close();
      },
    };
  };
  describeChannelContract(title, open, {
    broken: "alerts.unreachable",
    busy: "alerts.throttled",
    refusing: "alerts.refused",
    absent: "alerts.unreachable",
  });
  describe(`${title} keeps the contract of channels over HTTP:`, () => {
    describeAnswers(create);
    describeTls(create);
  });
}

const never = new AbortController().signal;

async function atSink(
  create: CreateHttpChannel,
  check: (at: {
    readonly sink: HttpSink;
    readonly channel: Channel;
    readonly clock: HandClock;
  }) => Promise<void>,
): Promise<void> {
  const sink = await startHttpSink();
  const clock = createHandClock();
  try {
    await check({ sink, channel: create({ origin: sink.origin, caFile: null }, clock), clock });
  } finally {
    await sink.close();
  }
}

function describeAnswers(create: CreateHttpChannel): void {
  for (const [status, code] of [
    [404, "alerts.refused"],
    [410, "alerts.refused"],
    [413, "alerts.refused"],
    [408, "alerts.unreachable"],
    [502, "alerts.unreachable"],
  ] as const) {
    test(`${status} is ${code}`, () =>
      atSink(create, async ({ sink, channel }) => {
        sink.answerWith((response) => response.writeHead(status).end());
        assert.equal((await failureOf(channel.deliver(failedMessage, never))).code, code);
      }));
  }
  test("a redirect is not followed: the other host would get the secrets", () =>
    atSink(create, async ({ sink, channel }) => {
      sink.answerWith((response) => response.writeHead(307, { location: `${sink.origin}/elsewhere` }).end());
      const failure = await failureOf(channel.deliver(failedMessage, never));
      assert.equal(failure.code, "alerts.refused");
      assert.match(failure.hint ?? "", /redirect/);
      assert.equal(sink.received.length, 1);
    }));
  test("an answer of endless size costs four kilobytes, and the line is closed", () =>
    atSink(create, async ({ sink, channel }) => {
      sink.answerWith((response) => {
        response.writeHead(500);
        const more = () => {
          while (!response.destroyed && response.write("x".repeat(65_536)));
        };
        response.on("drain", more);
        more();
      });
      const failure = await failureOf(channel.deliver(failedMessage, never));
      assert.equal(failure.code, "alerts.unreachable");
      assert.ok(failure.message.length < 400);
      await sink.left();
    }));
  test("taken is taken: a body that hangs after a 200 leads to no second delivery", () =>
    atSink(create, async ({ sink, channel, clock }) => {
      sink.answerWith((response) => {
        response.writeHead(200).write("o");
      });
      const delivery = channel.deliver(failedMessage, never);
      await driven(delivery, clock);
      assert.ok(sink.received.length >= 1);
      await sink.left();
    }));
  test("a server that cuts the line instead of answering is tried again later", () =>
    atSink(create, async ({ sink, channel }) => {
      sink.answerWith((response) => response.destroy());
      assert.equal((await failureOf(channel.deliver(failedMessage, never))).code, "alerts.unreachable");
    }));
}

/** Moves the clock on in small steps until the delivery has ended: less than its ten seconds. */
async function driven(delivery: Promise<void>, clock: HandClock): Promise<void> {
  let isSettled = false;
  const watched = delivery.finally(() => {
    isSettled = true;
  });
  // each turn lets the sockets speak; the wait for a body begins once its head has come
  for (let turn = 0; !isSettled && turn < 9; turn += 1) {
    for (let pause = 0; pause < 200; pause += 1) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1000);
  }
  await watched;
}

function describeTls(create: CreateHttpChannel): void {
  test("a certificate is trusted by its caFile alone", async () => {
    const directory = temporaryDirectory("channel-tls");
    const [own, other] = [await makeCertificate(directory, "own"), await makeCertificate(directory, "other")];
    const sink = await startHttpSink(own);
    const clock = createHandClock();
    try {
      const { origin } = sink;
      await create({ origin, caFile: own.certFile }, clock).deliver(failedMessage, never);
      for (const caFile of [null, other.certFile, `${directory}/gone.pem`]) {
        const failure = await failureOf(create({ origin, caFile }, clock).deliver(failedMessage, never));
        assert.equal(failure.code, "alerts.refused");
        assert.match(`${failure.message} ${failure.hint}`, /caFile/);
      }
      const count = sink.received.length;
      assert.ok(count >= 1);
      assert.ok(sink.received.every(({ method }) => method === "POST"));
    } finally {
      await sink.close();
    }
  });
}
