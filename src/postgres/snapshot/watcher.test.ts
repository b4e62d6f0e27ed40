import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../domain/failure.ts";
import { instant } from "../../domain/instant.ts";
import type { Clock } from "../../platform/clock.ts";
import { createSilentLog } from "../../platform/log.ts";
import type { Session } from "../session/session.ts";
import type { BlockedRow } from "../sql/blocked-ddl.ts";
import { startWatcher, type WatchTask } from "./watcher.ts";

/** A clock whose timers the test lets ring, one after the other. */
class HandClock implements Clock {
  readonly calls: { readonly atMs: number; readonly call: () => void }[] = [];
  ms = 0;
  now() {
    return instant(this.ms);
  }
  monotonicMs() {
    return this.ms;
  }
  after(delayMs: number, call: () => void) {
    const planned = { atMs: this.ms + delayMs, call };
    this.calls.push(planned);
    return () => {
      if (this.calls.includes(planned)) this.calls.splice(this.calls.indexOf(planned), 1);
    };
  }
  /** Rings the next timer and lets everything that follows at once happen; false when none is set. */
  async ring(): Promise<boolean> {
    const next = this.calls.shift();
    if (next === undefined) return false;
    this.ms = next.atMs;
    next.call();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    return true;
  }
}

interface FakeSession extends Session {
  /** From now on every statement fails. */
  lose(): void;
  readonly asked: () => number;
  readonly isClosed: () => boolean;
}

function fakeSession(rows: readonly BlockedRow[] = []): FakeSession {
  let lost = false;
  let asked = 0;
  let closed = false;
  const answer = <T>(value: T): Promise<T> => {
    asked += 1;
    if (!lost) return Promise.resolve(value);
    return Promise.reject(new Failure("postgres.session-lost", "Cannot keep the session: it was ended"));
  };
  return {
    backendPid: 1,
    encoding: "UTF8",
    rows: async <Row>() => answer(rows as readonly Row[]), // the watcher asks for rows of this kind only
    rawRows: async <Row>() => answer(rows as readonly Row[]), // as above
    attempt: () => answer(null),
    execute: () => answer(undefined),
    close: async () => {
      closed = true;
    },
    lose: () => {
      lost = true;
    },
    asked: () => asked,
    isClosed: () => closed,
  };
}

function watch(given: Partial<WatchTask> = {}) {
  const clock = new HandClock();
  const holder = fakeSession();
  const eye = fakeSession();
  const spare = fakeSession();
  let opened = 0;
  const openEye = async () => {
    opened += 1;
    return spare;
  };
  const task = { database: "d", labelPrefix: "x", holder, eye, openEye, clock, log: createSilentLog() };
  const watcher = startWatcher({ ...task, onBlockedDdl: "abort", ...given });
  return { clock, holder, eye, spare, watcher, opened: () => opened };
}

const waiter: BlockedRow = {
  pid: 7,
  startedAt: "then",
  role: "app",
  query: "ALTER TABLE t",
  table: "t",
  waitedMs: 3000,
  isDeadlock: false,
};

test("a holder that is lost after the eye was lost is still noticed", async () => {
  const scene = watch({ openEye: () => Promise.reject(new Failure("postgres.login", "Cannot log in")) });
  scene.eye.lose();
  assert.ok(await scene.clock.ring());
  assert.ok(await scene.clock.ring(), "the next sample is planned");
  scene.holder.lose();
  await scene.clock.ring();
  await assert.rejects(scene.watcher.broken, { code: "postgres.session-lost" });
});

test("a lost eye is closed and opened anew after a while, and what it sees counts", async () => {
  const spare = fakeSession([waiter]);
  const scene = watch({ openEye: async () => spare });
  scene.eye.lose();
  await scene.clock.ring();
  assert.ok(scene.eye.isClosed());
  await scene.clock.ring();
  assert.equal(spare.asked(), 0, "not asked with every sample");
  while (spare.asked() === 0 && scene.clock.ms < 120_000) await scene.clock.ring();
  await assert.rejects(scene.watcher.broken, { code: "postgres.ddl-blocked" });
  assert.match(scene.watcher.blockedDdl().join("\n"), /app \(process 7\) waits 3 s for t: ALTER TABLE t/);
});

test("an eye that is well is kept, and stopping closes it and plans nothing more", async () => {
  const scene = watch();
  for (let samples = 0; samples < 3; samples++) await scene.clock.ring();
  assert.deepEqual([scene.eye.asked(), scene.holder.asked(), scene.opened()], [3, 3, 0]);
  await scene.watcher.stop();
  await scene.watcher.stop();
  assert.ok(scene.eye.isClosed());
  assert.ok(!scene.holder.isClosed());
  assert.equal(await scene.clock.ring(), false);
});
