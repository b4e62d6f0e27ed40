import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import type { AlertFailureCode, Channel } from "../../src/alerts/alert.ts";
import { Failure } from "../../src/domain/failure.ts";
import { createHandClock, type HandClock } from "../fakes/hand-clock.ts";
import { failedMessage, oddMessage } from "../fixtures/alerts/messages.ts";

/** Every secret of a channel under test holds this word, and its other side repeats it wherever it can. */
export const canary = "kanarienvogel4711";

/** How the other side behaves. */
export type Weather = "fine" | "silent" | "broken" | "busy" | "refusing" | "absent";

export interface ChannelSubject {
  readonly channel: Channel;
  /** What the other side has taken, each message as it came. */
  readonly received: () => readonly string[];
  /** Resolves when the attempt has reached the other side. */
  readonly reached: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export type OpenSubject = (weather: Weather, clock: HandClock) => Promise<ChannelSubject>;

/** What a channel calls each weather; null: this kind of channel has no such weather. */
export type Forecast = Readonly<Record<Exclude<Weather, "fine" | "silent">, AlertFailureCode | null>>;

/** What every channel promises (alert.ts), at a real other side on this machine. */
export function describeChannelContract(title: string, open: OpenSubject, forecast: Forecast): void {
  describe(`${title} keeps the contract of channels:`, () => {
    describeDelivery(open);
    describeFailures(open, forecast);
    describePatience(open);
  });
}

const never = new AbortController().signal;

async function within(
  open: OpenSubject,
  weather: Weather,
  check: (subject: ChannelSubject, clock: HandClock) => Promise<void>,
): Promise<void> {
  const clock = createHandClock();
  const subject = await open(weather, clock);
  try {
    await check(subject, clock);
  } finally {
    subject.channel.close();
    subject.channel.close();
    await subject.close();
  }
}

/** The failure of a delivery, which must hold no secret in any of its parts. */
export async function failureOf(delivery: Promise<void>): Promise<Failure> {
  const thrown = await delivery.then(
    () => assert.fail("it was delivered"),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof Failure, inspect(thrown));
  const told = inspect(thrown, { depth: 9, showHidden: true }) + JSON.stringify(thrown);
  const spellings = [canary, Buffer.from(canary).toString("base64").slice(0, 20), encodeURIComponent(canary)];
  for (const spelling of spellings) assert.ok(!told.includes(spelling), told);
  assert.doesNotMatch(thrown.message, /[\r\n.]$/);
  assert.notEqual(thrown.hint, null);
  return thrown;
}

function describeDelivery(open: OpenSubject): void {
  test("a message arrives, once, with what failed and what to type next", () =>
    within(open, "fine", async ({ channel, received }) => {
      await channel.deliver(failedMessage, never);
      assert.equal(received().length, 1);
      assert.match(received()[0] ?? "", /cannot read codexdb since/);
      assert.match(received()[0] ?? "", /codex-backup logs 20261123T010000Z-abcd/);
    }));
  test("a text with control characters, half characters and line ends arrives as text", () =>
    within(open, "fine", async ({ channel, received }) => {
      await channel.deliver(oddMessage, never);
      const [text = ""] = received();
      assert.match(text, /FAILED/);
      assert.doesNotMatch(text, /[^\P{Cc}\r\n]|\p{Bidi_Control}/u);
      assert.ok(text.isWellFormed());
    }));
  test("a message far too long is told in part, the next step included", () =>
    within(open, "fine", async ({ channel, received }) => {
      const lines = [
        ...Array.from({ length: 5000 }, (_, index) => `line ${index} ${"x".repeat(300)}`),
        "Next: the-step",
      ];
      await channel.deliver({ ...failedMessage, lines, nextStep: "the-step" }, never);
      const [text = ""] = received();
      assert.ok(Buffer.byteLength(text) < 100_000, `${Buffer.byteLength(text)} bytes`);
      assert.match(text, /the-step/);
    }));
}

function describeFailures(open: OpenSubject, forecast: Forecast): void {
  for (const weather of ["broken", "busy", "refusing", "absent"] as const) {
    const code = forecast[weather];
    if (code === null) continue;
    test(`an other side that is ${weather} is told as ${code}, without a secret`, () =>
      within(open, weather, async ({ channel, received }) => {
        const failure = await failureOf(channel.deliver(failedMessage, never));
        assert.equal(failure.code, code);
        assert.match(failure.message, new RegExp(`"${channel.name}"`));
        assert.deepEqual(received(), []);
        if (code === "alerts.throttled") assert.equal(failure.context.retryAfterMs, 7000);
      }));
  }
}

function describePatience(open: OpenSubject): void {
  test("an other side that never answers is given up after ten seconds, and not before", () =>
    within(open, "silent", async ({ channel, reached }, clock) => {
      const delivery = failureOf(channel.deliver(failedMessage, never));
      let isSettled = false;
      const watched = delivery.finally(() => {
        isSettled = true;
      });
      await reached();
      clock.advance(9_999);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(isSettled, false);
      clock.advance(1);
      assert.equal((await watched).code, "alerts.unreachable");
    }));
  test("an attempt that is called off ends at once, with the caller's reason", () =>
    within(open, "silent", async ({ channel, reached }) => {
      const caller = new AbortController();
      const delivery = failureOf(channel.deliver(failedMessage, caller.signal));
      await reached();
      const reason = new Failure("run.interrupted", "Cannot go on: it is over", { hint: "Wait." });
      caller.abort(reason);
      assert.equal(await delivery, reason);
    }));
  test("an attempt that was called off before it began reaches nobody", () =>
    within(open, "fine", async ({ channel, received }) => {
      const reason = new Failure("run.interrupted", "Cannot go on: it is over", { hint: "Wait." });
      assert.equal(await failureOf(channel.deliver(failedMessage, AbortSignal.abort(reason))), reason);
      assert.deepEqual(received(), []);
    }));
}
