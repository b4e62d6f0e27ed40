import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { createHandClock } from "../../../tests/fakes/hand-clock.ts";
import { createMemoryContext } from "../../../tests/fakes/memory-context.ts";
import { createMemoryDestination, type MemoryOptions } from "../../../tests/fakes/memory-destination.ts";
import type { Destination } from "../../destinations/destination.ts";
import type { StorageTest } from "../../domain/copies/storage-test.ts";
import { Failure } from "../../domain/failure.ts";
import { testDestination } from "./test-destination.ts";

interface Tried {
  readonly report: StorageTest;
  /** Of every check that is not as promised. */
  readonly odd: Readonly<Record<string, string>>;
  readonly left: readonly string[];
}

/** Tries out a storage in memory that breaks one promise. */
async function tryOut(
  change: (inner: Destination) => Partial<Destination>,
  options: MemoryOptions = {},
  signal = new AbortController().signal,
): Promise<Tried> {
  const inner = createMemoryDestination({ name: "far", ...options });
  await inner.initialise();
  const before = (await inner.list()).map(({ name }) => name);
  const destination = { ...inner, ...change(inner) };
  const context = createMemoryContext({
    statePath: "/none",
    jobs: [],
    destinations: [destination],
    clock: createHandClock(),
  });
  const left = async () => [
    ...(await inner.list()).map(({ name }) => name).filter((name) => !before.includes(name)),
    ...(await inner.listStaged()).map(({ name }) => name),
  ];
  try {
    const report = await testDestination(context, { name: "far", signal });
    const odd = report.checks.filter(({ outcome }) => outcome === "broken" || outcome === "retained");
    return {
      report,
      odd: Object.fromEntries(odd.map((one) => [one.check, one.outcome])),
      left: await left(),
    };
  } catch (error) {
    assert.deepEqual(await left(), []);
    throw error;
  }
}

test("a storage that keeps its promises is found to, and nothing of the test is left", async () => {
  const { report, odd, left } = await tryOut(() => ({}));
  assert.deepEqual([odd, left, report.leftBehind, report.exit], [{}, [], [], 0]);
  const tried = report.checks.map(({ check }) => check);
  for (const check of ["ready", "write", "list", "part", "overwrite", "missing", "give up", "remove"])
    assert.ok(
      tried.some((one) => one === check),
      check,
    );
  assert.match(report.checks.at(-1)?.message ?? "", /whoever has these credentials can remove/);
});

/** One lie each: which check must find it out. */
const lies: Readonly<Record<string, readonly [string, (inner: Destination) => Partial<Destination>]>> = {
  "bytes that come back altered": [
    "write",
    (inner) => ({
      async stage(...args) {
        const staged = await inner.stage(...args);
        const readBack = async () => ({
          stream: Readable.from([Buffer.from("other")]),
          source: "direct" as const,
        });
        return { ...staged, sink: staged.sink, readBack };
      },
    }),
  ],
  "a list without what was just written": ["list", () => ({ list: async () => [] })],
  "a part from another place": [
    "part",
    (inner) => ({
      open: async (name, { range, ...rest } = {}) =>
        inner.open(name, range ? { ...rest, range: { ...range, start: 0 } } : rest),
    }),
  ],
  "a name that is taken twice": [
    "overwrite",
    (inner) => ({
      async put(name, bytes, runId) {
        await inner.remove(name);
        await inner.put(name, bytes, runId);
      },
    }),
  ],
  "a second file swallowed": [
    "overwrite",
    (inner) => ({ put: (name, bytes, runId) => inner.put(name, bytes, runId).catch(() => undefined) }),
  ],
  "a missing file that is empty": [
    "missing",
    (inner) => ({
      open: (name, options) =>
        name.includes("nothing")
          ? Promise.resolve({ stream: Readable.from([]), source: "direct" as const })
          : inner.open(name, options),
    }),
  ],
  "a removal that is only said": ["remove", () => ({ remove: async () => "removed" as const })],
};

for (const [lie, [check, change]] of Object.entries(lies)) {
  test(`found out: ${lie}`, async () => {
    const { odd, report } = await tryOut(change);
    assert.equal(odd[check], "broken");
    assert.equal(report.exit, 1);
  });
}

test("an append-only storage is fine, and what stays there is named", async () => {
  const { report, odd, left } = await tryOut(() => ({}), { retains: () => true });
  assert.deepEqual(odd, { remove: "retained" });
  assert.equal(report.exit, 0);
  assert.deepEqual([...report.leftBehind].sort(), [...left].sort());
  assert.equal(left.length, 2);
});

test("a storage that is only read is asked, and not written", async () => {
  const { report, left } = await tryOut(
    () => ({
      ready: () => Promise.reject(new Error("written")),
      stage: () => Promise.reject(new Error("written")),
    }),
    { traits: { isReadOnly: true } },
  );
  assert.deepEqual([report.exit, left], [0, []]);
  assert.match(report.checks[0]?.message ?? "", /nothing more is tried/);
});

test("nothing is written where it is not ready, and its own words are told", async () => {
  const seen = new Failure("destination.sentinel-missing", "Cannot use it: no sentinel", {
    hint: "Run init.",
  });
  const { report } = await tryOut(() => ({
    ready: () => Promise.reject(seen),
    stage: () => Promise.reject(new Error("written")),
  }));
  assert.deepEqual(
    report.checks.map(({ check, outcome, failure }) => [check, outcome, failure?.hint]),
    [["ready", "broken", "Run init."]],
  );
});

test("a test that is broken off leaves nothing behind", async () => {
  const controller = new AbortController();
  const reason = new Failure("run.cancelled", "Cannot go on: asked to end");
  const put = (inner: Destination) => ({
    async list() {
      controller.abort(reason);
      return inner.list();
    },
  });
  await assert.rejects(tryOut(put, {}, controller.signal), (error: unknown) => error === reason);
});
