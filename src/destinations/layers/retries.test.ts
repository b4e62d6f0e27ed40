import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { describe, test } from "node:test";
import { describeDestinationContract } from "../../../tests/contract/destination-contract.ts";
import {
  contentOf,
  hasCode,
  hash,
  hashOf,
  namesOf,
  runId,
  stageBytes,
} from "../../../tests/contract/destination-steps.ts";
import { createDrivenClock } from "../../../tests/fakes/driven-clock.ts";
import { createFaultyDestination, type Fault } from "../../../tests/fakes/faulty-destination.ts";
import { hastyClock } from "../../../tests/fakes/hasty-clock.ts";
import { createMemoryDestination, createMemoryStore } from "../../../tests/fakes/memory-destination.ts";
import { Failure } from "../../domain/failure.ts";
import { instant } from "../../domain/instant.ts";
import { createSilentLog } from "../../platform/log.ts";
import type { Destination } from "../destination.ts";
import { withRetries } from "./retries.ts";

const log = createSilentLog();
const randomToken = (length: number) => "z".repeat(length);
const away = { kind: "fail", code: "destination.unreachable" } as const;
const lost = { kind: "late", code: "destination.unreachable" } as const;
const asked = [
  "ready",
  "look",
  "initialise",
  "stage",
  "readBack",
  "storedBytes",
  "discardStaged",
  "publish",
  "discard",
  "listStaged",
  "resume",
  "list",
  "stat",
  "open",
  "read",
  "put",
  "remove",
  "sync",
] as const;

function retrying(inner: Destination): Destination {
  return withRetries(inner, { clock: hastyClock(), log, randomToken });
}

describeDestinationContract("a memory destination that is away at each first call", async () => {
  const store = createMemoryStore();
  const open = () =>
    retrying(
      createFaultyDestination(
        createMemoryDestination({ store }),
        asked.map((method): Fault => ({ method, call: 1, ...away })),
      ),
    );
  return { destination: open(), reopen: open, close: async () => undefined };
});

describe("what is asked again", () => {
  test("waits grow, are chosen by chance within their half, and end", async () => {
    const clock = createDrivenClock(instant(0));
    const inner = createFaultyDestination(createMemoryDestination(), [
      { method: "list", call: 1, kind: "away", code: "destination.unreachable" },
    ]);
    const lines: unknown[] = [];
    const warn = (line: unknown) => void lines.push(line);
    const destination = withRetries(inner, { clock, log: { ...log, warn }, randomToken: () => "i" });
    const refused = assert.rejects(destination.list(), hasCode("destination.unreachable"));
    await clock.pass(120_000);
    await refused;
    assert.equal(inner.calls.length, 6);
    assert.deepEqual(
      lines.map((line) => (line as { readonly waitMs: number }).waitMs), // as ask-again.ts writes it
      [757, 1514, 3029, 6057, 12_114],
    );
  });
  test("no try begins after the time that all of them have", async () => {
    const clock = createDrivenClock(instant(0));
    let calls = 0;
    const hangs: Destination = {
      ...createMemoryDestination(),
      async list() {
        calls += 1;
        await new Promise<void>((resolve) => clock.after(100_000, resolve));
        throw new Failure("destination.unreachable", "Cannot list: no answer");
      },
    };
    const refused = assert.rejects(withRetries(hangs, { clock, log, randomToken }).list());
    await clock.pass(400_000);
    await refused;
    assert.equal(calls, 2);
  });
  test("what no second try mends is told at once", async () => {
    const inner = createFaultyDestination(createMemoryDestination(), [
      { method: "list", call: 1, kind: "fail", code: "destination.denied" },
    ]);
    await assert.rejects(retrying(inner).list(), hasCode("destination.denied"));
    assert.equal(inner.calls.length, 1);
  });
  test("a sink that breaks is not filled again: its bytes are nowhere here", async () => {
    const inner = createFaultyDestination(createMemoryDestination(), [
      { method: "sink.finish", call: 1, ...away },
    ]);
    await assert.rejects(
      stageBytes(retrying(inner), "a", Buffer.from("x")),
      hasCode("destination.unreachable"),
    );
    assert.deepEqual(await namesOf(inner), []);
  });
});

describe("when the answer was lost and the work was done,", () => {
  test("a put finds its own bytes and is content", async () => {
    const inner = createFaultyDestination(createMemoryDestination(), [{ method: "put", call: 1, ...lost }]);
    await retrying(inner).put("a", Buffer.from("mine"), runId);
    assert.equal((await inner.read("a")).toString(), "mine");
  });
  test("a put that finds other bytes of the same length is told that the name is taken", async () => {
    const inner = createFaultyDestination(createMemoryDestination(), [{ method: "put", call: 2, ...away }]);
    await inner.put("a", Buffer.from("them"), "run2");
    await assert.rejects(retrying(inner).put("a", Buffer.from("mine"), runId), hasCode("destination.exists"));
    assert.equal((await inner.read("a")).toString(), "them");
  });
  test("a name that is taken at the first try is taken, with the same bytes too", async () => {
    const inner = createMemoryDestination();
    await inner.put("a", Buffer.from("same"), "run2");
    await assert.rejects(retrying(inner).put("a", Buffer.from("same"), runId), hasCode("destination.exists"));
  });
  test("publishing and initialising are finished", async () => {
    const inner = createFaultyDestination(createMemoryDestination(), [
      { method: "publish", call: 1, ...lost },
      { method: "initialise", call: 1, ...lost },
    ]);
    const destination = retrying(inner);
    assert.equal(await destination.initialise(), "id-of-memory");
    const staged = await stageBytes(destination, "a", Buffer.from("x"));
    await staged.publish();
    assert.deepEqual(await namesOf(inner), ["RESTORE-v1.md", "a"]);
  });
});

const bytes = randomBytes(300_000);
type Break = "error" | "end" | "close";

/** Each stream breaks after so many bytes, as long as there is a break left. */
function breaking(inner: Destination, breaks: [after: number, how: Break][]): Destination {
  const broken = (stream: Readable): Readable => {
    const next = breaks.shift();
    return next === undefined ? stream : breakOff(stream, next);
  };
  return {
    ...inner,
    open: async (name, options) => {
      const opened = await inner.open(name, options);
      return { ...opened, stream: broken(opened.stream) };
    },
    stage: async (name, run) => {
      const staged = await inner.stage(name, run);
      const readBack: typeof staged.readBack = async (range) => {
        const opened = await staged.readBack(range);
        return { ...opened, stream: broken(opened.stream) };
      };
      return { ...staged, readBack };
    },
  };
}

function breakOff(stream: Readable, [after, how]: [number, Break]): Readable {
  async function* some(): AsyncGenerator<Buffer> {
    const whole = Buffer.concat(await stream.toArray());
    yield* [whole.subarray(0, after)].filter((part) => part.length > 0);
    if (how === "error") throw new Failure("destination.unreachable", "Cannot read: the connection was cut");
    if (how === "close") cut.destroy();
  }
  const cut = Readable.from(some(), { objectMode: false });
  return cut;
}

describe("a stream that breaks", () => {
  const breaks = (): [number, Break][] => [
    [100_000, "error"],
    [1, "end"],
    [0, "error"],
    [150_000, "close"],
  ];
  test("goes on where it was, however it ended", async () => {
    const inner = createMemoryDestination();
    await inner.put("a", bytes, runId);
    assert.equal(await hashOf(await retrying(breaking(inner, breaks())).open("a")), hash(bytes));
  });
  test("goes on within its range", async () => {
    const inner = createMemoryDestination();
    await inner.put("a", bytes, runId);
    const range = { start: 7, length: 299_000 };
    const opened = await retrying(breaking(inner, breaks())).open("a", { range });
    assert.equal(await hashOf(opened), hash(bytes.subarray(7, 299_007)));
  });
  test("goes on when it is staged, to its very last byte", async () => {
    const destination = retrying(breaking(createMemoryDestination(), [[300_000, "error"]]));
    const staged = await stageBytes(destination, "a", bytes);
    assert.equal(await hashOf(await staged.readBack()), hash(bytes));
  });
  test("fails when it always breaks, and never ends as if it were whole", async () => {
    const inner = createMemoryDestination();
    await inner.put("a", bytes, runId);
    const always = Array.from({ length: 20 }, (): [number, Break] => [10, "end"]);
    const opened = await retrying(breaking(inner, always)).open("a");
    await assert.rejects(contentOf(opened), hasCode("destination.unreachable"));
    assert.ok(always.length > 10, "and it gave up in time");
  });
  test("fails when the file was replaced meanwhile", async () => {
    const inner = createMemoryDestination({ now: () => 1 });
    await inner.put("a", bytes, runId);
    const opened = await retrying(breaking(inner, [[100, "error"]])).open("a");
    const kept = inner.store.files.get("a");
    assert.ok(kept);
    kept.modifiedMs = 2;
    await assert.rejects(contentOf(opened), hasCode("destination.io"));
  });
  test("fails at once when what broke it is more than the network", async () => {
    const inner = createMemoryDestination();
    await inner.put("a", bytes, runId);
    let opens = 0;
    const denied: Destination = {
      ...inner,
      async open() {
        opens += 1;
        const stream = new Readable({
          read() {
            this.destroy(new Failure("destination.denied", "Cannot read: the token has expired"));
          },
        });
        return { stream, source: "direct" };
      },
    };
    await assert.rejects(contentOf(await retrying(denied).open("a")), hasCode("destination.denied"));
    assert.equal(opens, 1);
  });
  test("that hangs is let go of when its reader gives up", async () => {
    const inner = createMemoryDestination();
    await inner.put("a", bytes, runId);
    const silent = new Readable({ read() {} });
    const hangs: Destination = { ...inner, open: async () => ({ stream: silent, source: "direct" }) };
    const { stream } = await retrying(hangs).open("a");
    stream.resume();
    stream.destroy();
    await new Promise((resolve) => stream.once("close", resolve));
    assert.ok(silent.destroyed);
  });
});
