import {
  type Attempted,
  afterFailure,
  hasLapsed,
  isDue,
  type OutboxRow,
  pingPrefix,
} from "../domain/alerts/outbox.ts";
import { asFailure, Failure, messageOf, reportOf } from "../domain/failure.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { Channel, Outbox, Pinger, Sender } from "./alert.ts";
import { attemptLimitMs } from "./time-limit.ts";

export interface SenderParts {
  readonly channels: readonly Channel[];
  /** Null: pings are not configured. */
  readonly pinger: Pinger | null;
  readonly outbox: Outbox;
  /**
   * The right to deliver through a channel, which the kernel frees when its holder dies; null: another process
   * has it. It is what keeps two senders from delivering twice, also when clocks jump.
   */
  readonly claim: (channel: string) => (() => void) | null;
  readonly clock: Clock;
  readonly log: Log;
  /** Of one attempt; default attemptLimitMs. */
  readonly attemptMs?: number;
}

/** So many channels are at work at once; a hanging one takes one of these places for one attempt. */
const channelsAtOnce = 16;
/** A channel that does not even answer to being cancelled is left behind after this. */
const deafMs = 2000;

type Carry = (row: OutboxRow, signal: AbortSignal) => Promise<void>;

/** See Sender. Channels are closed with it. */
export function createSender(parts: SenderParts): Sender {
  const { channels, outbox } = parts;
  const carriers = new Map(channels.map((channel) => [channel.name, carrierOf(channel)]));
  const carrierFor = (name: string) =>
    carriers.get(name) ?? (name.startsWith(pingPrefix) ? pingCarrier(parts.pinger) : null);
  return {
    async deliverDue(signal) {
      const now = parts.clock.now();
      const ready = outbox.undelivered().filter((row) => isDue(row, now));
      const names = [...new Set(ready.map(({ channel }) => channel))];
      const work = async () => {
        for (let name = names.shift(); name !== undefined; name = names.shift())
          await deliverThrough(parts, { name, carry: carrierFor(name), signal });
      };
      await Promise.all(Array.from({ length: channelsAtOnce }, work));
    },
    close() {
      for (const channel of channels) channel.close();
    },
  };
}

function carrierOf(channel: Channel): Carry {
  return async ({ content }, signal) => {
    if (content.kind === "alert") await channel.deliver(content.message, signal);
  };
}

function pingCarrier(pinger: Pinger | null): Carry | null {
  if (pinger === null) return null;
  return async ({ content }, signal) => {
    if (content.kind === "ping") await pinger.ping(content.ping, signal);
  };
}

interface Passage {
  readonly name: string;
  /** Null: the channel is no longer in the config. */
  readonly carry: Carry | null;
  readonly signal: AbortSignal;
}

/** Nothing of one channel may reach another: what goes wrong here is logged, and stays here. */
async function deliverThrough(parts: SenderParts, passage: Passage): Promise<void> {
  const { name } = passage;
  try {
    const release = parts.claim(name);
    if (release === null) return;
    try {
      await deliverAll(parts, passage);
    } finally {
      release();
    }
  } catch (error) {
    parts.log.error({ channel: name, error: messageOf(error) }, "cannot deliver alerts");
  }
}

async function deliverAll(parts: SenderParts, { name, carry, signal }: Passage): Promise<void> {
  const blocked = new Set<string>();
  // Asked again under the claim: another sender may have delivered some of them a moment ago.
  for (const row of parts.outbox.undelivered().filter(({ channel }) => channel === name)) {
    if (signal.aborted) return;
    const now = parts.clock.now();
    if (blocked.has(row.key)) continue;
    if (!hasLapsed(row, now) && !isDue(row, now)) {
      blocked.add(row.key); // what comes after it must not overtake it
      continue;
    }
    const attempted = hasLapsed(row, now) ? lapsed : await attempt(parts, row, carry);
    parts.outbox.settle(row, attempted, parts.clock.now());
    if (attempted.kind !== "later") continue;
    blocked.add(row.key);
    // A dead server is not asked once more for each message; it has cost ten seconds already.
    if (attempted.failure.code !== "alerts.refused") return;
  }
}

const lapsed: Attempted = { kind: "lapsed" };

async function attempt(parts: SenderParts, row: OutboxRow, carry: Carry | null): Promise<Attempted> {
  const { clock, log } = parts;
  if (carry === null) return { kind: "given-up", failure: reportOf(unknownChannel(row.channel)) };
  try {
    await within(parts, (signal) => carry(row, signal));
    log.info({ channel: row.channel, key: row.key }, "delivered");
    return { kind: "delivered" };
  } catch (error) {
    const failure = asFailure(error, "alerts.unreachable", `Cannot deliver through "${row.channel}"`);
    log.warn({ channel: row.channel, key: row.key, attempt: row.attempts + 1 }, failure.message);
    const { retryAfterMs } = failure.context;
    const asked = typeof retryAfterMs === "number" ? retryAfterMs : null;
    return afterFailure(row, { failure: reportOf(failure), retryAfterMs: asked }, clock.now());
  }
}

/** Ends after the limit, whatever the work does about its signal. */
async function within(parts: SenderParts, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { clock, attemptMs = attemptLimitMs } = parts;
  const asked = new AbortController();
  const failure = new Failure(
    "alerts.unreachable",
    `Cannot deliver: no answer within ${attemptMs / 1000} s`,
    {
      hint: "Look whether the other side is up and can be reached from this machine.",
    },
  );
  const cancel = clock.after(attemptMs, () => asked.abort(failure));
  let cancelDeaf: () => void = () => undefined;
  const deaf = new Promise<never>((_, reject) => {
    cancelDeaf = clock.after(attemptMs + deafMs, () => reject(failure));
  });
  try {
    await Promise.race([work(asked.signal), deaf]);
  } finally {
    cancel();
    cancelDeaf();
  }
}

function unknownChannel(name: string): Failure {
  return new Failure("alerts.refused", `Cannot deliver through "${name}": it is no longer in the config`, {
    hint: "Look at the channels with codex-backup alerts list.",
  });
}
