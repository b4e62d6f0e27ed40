import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, test } from "node:test";
import type { Destination } from "../../src/destinations/destination.ts";
import { withRetries } from "../../src/destinations/layers/retries.ts";
import { Failure } from "../../src/domain/failure.ts";
import { type Clock, createSystemClock } from "../../src/platform/clock.ts";
import { createSilentLog } from "../../src/platform/log.ts";
import { startTcpProxy, type TcpProxy, type WireFault } from "../servers/tcp-proxy.ts";
import { hash, hashOf } from "./destination-steps.ts";

/** One driver and its server. */
export interface WireSubject {
  readonly serverPort: number;
  /** The same folder, reached through this port. */
  open(port: number): Destination;
}

export interface WireOptions {
  /** Of each file. Default: 700,000, which is more than a socket buffers. */
  readonly sizeBytes?: number;
  /** Speaks HTTP without TLS: answers can be put in the server's place. */
  readonly isHttp?: boolean;
  /** How many cuts at places chosen by chance, each way. Default 2. */
  readonly cuts?: number;
  /** Only faults whose description matches. Default: all. */
  readonly among?: RegExp;
}

/** A clock on which a minute is over in a second: for drivers that give up a silent server after one. */
export function impatientClock(): Clock {
  const clock = createSystemClock();
  return { ...clock, after: (delayMs, call) => clock.after(delayMs / 60, call) };
}

/**
 * Breaks the line while a file is stored as a run does it (write, read back, compare, publish), and asks a clean line what
 * is there. Whatever was called stored is there byte for byte; whatever is there under a name is whole; and afterwards
 * the same destination works again. `STORAGE_SEED` repeats the places of the cuts.
 */
export function describeWireFaults(
  title: string,
  start: () => Promise<WireSubject>,
  options: WireOptions = {},
): void {
  const { sizeBytes = 700_000, isHttp = true, cuts = 2, among = /./ } = options;
  const seed = Number(process.env.STORAGE_SEED ?? randomInt(2 ** 31));
  describe(`${title}, whatever breaks on the line (STORAGE_SEED=${seed}),`, () => {
    const subject = once(start);
    const faults = faultsOf({ sizeBytes, isHttp, cuts, draw: drawing(seed) });
    for (const [name, fault, times] of faults.filter(([sentence]) => among.test(sentence))) {
      test(`calls nothing stored that is not: ${name}`, async () => {
        const { serverPort, open } = await subject();
        const proxy = await startTcpProxy(serverPort);
        try {
          await tryFault({ proxy, away: open(proxy.port), clean: open(serverPort), fault, times, sizeBytes });
        } finally {
          await proxy.close();
        }
      });
    }
  });
}

interface Trial {
  readonly proxy: TcpProxy;
  readonly away: Destination;
  readonly clean: Destination;
  readonly fault: WireFault;
  readonly times: number;
  readonly sizeBytes: number;
}

let files = 0;

async function tryFault({ proxy, away, clean, fault, times, sizeBytes }: Trial): Promise<void> {
  const limits = { tries: 3, firstWaitMs: 600, longestWaitMs: 600, totalMs: 600_000 };
  const destination = withRetries(away, {
    clock: impatientClock(),
    log: createSilentLog(),
    randomToken: () => "z",
    limits,
  });
  files += 1;
  const name = `file${files}.sql`;
  const bytes = randomBytes(sizeBytes);
  proxy.strike(fault, times);
  const told = await storeAsARunDoes(destination, name, bytes);
  assert.ok(proxy.struck() > 0, "the fault struck");
  proxy.calm();
  const found = await clean.stat(name);
  if (told === null || found !== null)
    assert.equal(await hashOf(await clean.open(name)), hash(bytes), String(told));
  if (told !== null) assert.ok(told instanceof Failure, `not a Failure: ${String(told)}`);
  const second = await storeAsARunDoes(destination, `again-${name}`, bytes);
  assert.equal(second, null, String(second));
  await destination.close();
  await clean.close();
}

/** Null when it may be called stored; else why not. */
async function storeAsARunDoes(destination: Destination, name: string, bytes: Buffer): Promise<unknown> {
  try {
    const staged = await destination.stage(name, "20261123T010000Z-abc123", bytes.length);
    try {
      await pipeline(Readable.from(piecesOf(bytes), { objectMode: false }), staged.sink);
      const stored = await hashOf(await staged.readBack());
      if (stored !== hash(bytes))
        throw new Failure("destination.read-back", "Cannot trust it: other bytes came back");
      await staged.publish();
      return null;
    } catch (error) {
      await staged.discard().catch(() => "it is a leftover");
      return error;
    }
  } catch (error) {
    return error;
  }
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

type NamedFault = readonly [name: string, fault: WireFault, times: number];

interface Wanted {
  readonly sizeBytes: number;
  readonly isHttp: boolean;
  readonly cuts: number;
  /** From 0 to below 1. */
  readonly draw: () => number;
}

function faultsOf({ sizeBytes, isHttp, cuts, draw }: Wanted): readonly NamedFault[] {
  const half = Math.floor(sizeBytes / 2);
  const cutsOf = (way: "up" | "down") =>
    Array.from({ length: cuts }, (_, index): NamedFault => {
      const afterBytes = Math.floor(draw() * sizeBytes * 0.95);
      const times = index === 0 ? 100 : 1;
      const often = times === 1 ? "once" : "again and again";
      return [`cut ${often} after ${afterBytes} bytes ${way}`, { kind: "cut", way, afterBytes }, times];
    });
  const always: readonly NamedFault[] = [
    ...cutsOf("up"),
    ...cutsOf("down"),
    ["half open while it is sent", { kind: "silent", way: "up", afterBytes: half }, 1],
    ["half open while it is read back", { kind: "silent", way: "down", afterBytes: half }, 1],
    ["one bit altered on the way up", { kind: "flip", way: "up", afterBytes: half }, 1],
    ["one bit altered on the way down", { kind: "flip", way: "down", afterBytes: half }, 1],
  ];
  const answers: readonly NamedFault[] = [
    ["a server error once", { kind: "answer", status: 500, code: "InternalError" }, 1],
    [
      "a server that asks to slow down, again and again",
      { kind: "answer", status: 503, code: "SlowDown" },
      100,
    ],
  ];
  return isHttp ? [...always, ...answers] : always;
}

/** Numbers that a seed repeats (mulberry32). */
function drawing(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function once<T>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | null = null;
  return () => {
    started ??= start();
    return started;
  };
}
