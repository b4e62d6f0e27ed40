import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { Channel } from "../../src/alerts/alert.ts";
import { createSender } from "../../src/alerts/sender.ts";
import type { Catalog } from "../../src/catalog/catalog.ts";
import { openCatalog } from "../../src/catalog/open-catalog.ts";
import type { AlertMessage } from "../../src/domain/alerts/alert-message.ts";
import { Failure } from "../../src/domain/failure.ts";
import { type Instant, instant, parseInstant } from "../../src/domain/instant.ts";
import { enqueueMessage, enqueuePing } from "../../src/operations/alerts/enqueue.ts";
import { tell } from "../../src/operations/alerts/tell.ts";
import { tryFileLock } from "../../src/platform/file-lock.ts";
import { createSilentLog } from "../../src/platform/log.ts";
import { createHandClock, type HandClock } from "../fakes/hand-clock.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";

const start = parseInstant("2026-11-23T01:00:00Z") ?? instant(0);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

function messageOf(key: string, subject = key): AlertMessage {
  return {
    id: `${key} ${subject}`,
    event: "failed",
    severity: "critical",
    key,
    job: key,
    database: null,
    subject,
    lines: ["It failed.", "Next: codex-backup status"],
    nextStep: "codex-backup status",
    since: start,
    lastGoodAt: null,
    runId: null,
    host: "db1",
    at: start,
  };
}

interface Mailbox extends Channel {
  readonly taken: string[];
  attempts: number;
  behave: "take" | "unreachable" | "refused" | "throttled" | "hang" | "deaf";
}

function createMailbox(name: string): Mailbox {
  return {
    name,
    kind: "exec",
    taken: [],
    attempts: 0,
    behave: "take",
    async deliver(message, signal) {
      this.attempts += 1;
      if (this.behave === "deaf") return new Promise(() => undefined);
      if (this.behave === "hang")
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      if (this.behave === "throttled")
        throw new Failure("alerts.throttled", "Cannot deliver: too many", {
          context: { retryAfterMs: 20 * minuteMs },
        });
      if (this.behave !== "take") throw new Failure(`alerts.${this.behave}`, "Cannot deliver: no");
      this.taken.push(message.subject);
    },
    close: () => undefined,
  };
}

interface Scene {
  readonly clock: HandClock;
  readonly catalog: Catalog;
  readonly mail: Mailbox;
  readonly chat: Mailbox;
  readonly directory: string;
  put(channel: string, message: AlertMessage): void;
  sender(channels?: readonly Channel[]): ReturnType<typeof createSender>;
  /** One pass. */
  pass(): Promise<void>;
}

const idle = new AbortController().signal;

function createScene(): Scene {
  const directory = temporaryDirectory("outbox");
  const clock = createHandClock(start);
  const catalog = openCatalog(join(directory, "catalog.db"));
  const [mail, chat] = [createMailbox("mail"), createMailbox("chat")];
  const sender = (channels: readonly Channel[] = [mail, chat]) =>
    createSender({
      channels,
      pinger: null,
      outbox: { undelivered: catalog.undelivered, settle: catalog.settleOutbox },
      clock,
      log: createSilentLog(),
      claim(name) {
        const holder = { host: "h", bootId: "b", pid: 1, runId: "r", since: "" };
        const got = tryFileLock(join(directory, `${name}.db`), holder);
        return got.kind === "held" ? got.lock.release : null;
      },
    });
  const put = (channel: string, message: AlertMessage) =>
    enqueueMessage({ catalog, clock }, channel, message);
  return { clock, catalog, mail, chat, directory, put, sender, pass: () => sender().deliverDue(idle) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

suite("the outbox and its sender, over a real catalog", () => {
  test("F121 a hanging channel is cut off after ten seconds, and the others do not wait for it", async () => {
    for (const behave of ["hang", "deaf"] as const) {
      const scene = createScene();
      scene.mail.behave = behave;
      scene.put("mail", messageOf("a"));
      scene.put("chat", messageOf("a"));
      let isDone = false;
      const pass = scene.pass().then(() => {
        isDone = true;
      });
      await settled();
      assert.deepEqual(scene.chat.taken, ["a"], "at once");
      assert.equal(isDone, false);
      scene.clock.advance(12_000);
      await pass;
      const [row] = scene.catalog.undelivered();
      assert.match(row?.failure?.message ?? "", /no answer within 10 s/);
    }
  });

  test("F125 what could not be delivered goes out when the service is back, in its order, once", async () => {
    const scene = createScene();
    scene.mail.behave = "unreachable";
    for (const key of ["a", "b", "c"]) scene.put("mail", messageOf(key));
    await scene.pass();
    assert.equal(scene.mail.attempts, 1, "a dead server is not asked once for each message");
    scene.mail.behave = "take";
    scene.clock.advance(15_000);
    await scene.pass();
    await scene.pass();
    assert.deepEqual(scene.mail.taken, ["a", "b", "c"]);
    assert.deepEqual(scene.catalog.undelivered(), []);
  });

  test("two senders at once deliver each message once", async () => {
    const scene = createScene();
    for (const key of ["a", "b", "c", "d"]) scene.put("mail", messageOf(key));
    await Promise.all(Array.from({ length: 5 }, () => scene.pass()));
    await scene.pass();
    assert.deepEqual(scene.mail.taken, ["a", "b", "c", "d"]);
  });

  test("the waits double to an hour, and after three days a row says that it was given up", async () => {
    const scene = createScene();
    scene.mail.behave = "unreachable";
    scene.put("mail", messageOf("a"));
    const waits: number[] = [];
    for (let tries = 0; tries < 200 && scene.catalog.undelivered().length > 0; tries += 1) {
      await scene.pass();
      const [row] = scene.catalog.undelivered();
      if (row === undefined) break;
      waits.push(row.nextAt - scene.clock.now());
      scene.clock.advance(row.nextAt - scene.clock.now());
    }
    assert.deepEqual(
      waits.slice(0, 10).map((ms) => ms / 1000),
      [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600],
    );
    const [given] = scene.catalog.endedOutbox("given-up", 10);
    assert.equal(given?.failure?.code, "alerts.unreachable");
    const days = ((given?.endedAt ?? start) - start) / hourMs / 24;
    assert.ok(days >= 3 && days < 3.1, `${days} days`);
  });

  test("a clock that leaps costs no message: forward it is tried on, backward it does not wait for the old hour", async () => {
    const scene = createScene();
    scene.mail.behave = "unreachable";
    scene.put("mail", messageOf("a"));
    await scene.pass();
    scene.clock.set(instant(scene.clock.now() + 365 * 24 * hourMs));
    await scene.pass();
    assert.equal(scene.catalog.undelivered().length, 1, "not given up for a leap");
    scene.clock.set(instant(scene.clock.now() - 365 * 24 * hourMs));
    scene.mail.behave = "take";
    await scene.pass();
    assert.deepEqual(scene.mail.taken, ["a"]);
  });

  test("wrong credentials are tried again each hour, and do not hold up what is about something else", async () => {
    const scene = createScene();
    scene.mail.behave = "refused";
    scene.put("mail", messageOf("a"));
    scene.put("mail", messageOf("b"));
    await scene.pass();
    assert.equal(scene.mail.attempts, 2);
    assert.deepEqual(
      scene.catalog.undelivered().map(({ nextAt }) => nextAt - start),
      [hourMs, hourMs],
    );
  });

  test("a throttling service is left alone as long as it asks for", async () => {
    const scene = createScene();
    scene.mail.behave = "throttled";
    scene.put("mail", messageOf("a"));
    await scene.pass();
    assert.equal((scene.catalog.undelivered()[0]?.nextAt ?? 0) - start, 20 * minuteMs);
  });

  test("being asked to end lets the attempt under way end, and starts no other", async () => {
    const scene = createScene();
    const asked = new AbortController();
    const slow: Channel = {
      name: "mail",
      kind: "exec",
      async deliver(message, signal) {
        asked.abort(new Failure("run.interrupted", "Cannot finish: asked to end"));
        await settled();
        assert.equal(signal.aborted, false, "the attempt is not cut off");
        scene.mail.taken.push(message.subject);
      },
      close: () => undefined,
    };
    scene.put("mail", messageOf("a"));
    scene.put("mail", messageOf("b"));
    await scene.sender([slow]).deliverDue(asked.signal);
    assert.deepEqual(scene.mail.taken, ["a"]);
    assert.deepEqual(
      scene.catalog.undelivered().map(({ key }) => key),
      ["b"],
    );
  });

  test("a newer message of the same key takes the place of one that waits, and tells of it and of those before", async () => {
    const scene = createScene();
    scene.put("mail", messageOf("a", "FAILED: a"));
    scene.put("mail", messageOf("a", "STALE: a"));
    scene.put("mail", { ...messageOf("a", "Recovered: a"), event: "recovered" });
    const [row, ...others] = scene.catalog.undelivered();
    assert.deepEqual(others, []);
    assert.ok(row?.content.kind === "alert");
    assert.deepEqual(row.content.message.lines, [
      "It failed.",
      "Not delivered before this: FAILED: a.",
      "Not delivered before this: STALE: a.",
      "Next: codex-backup status",
    ]);
    assert.equal(scene.catalog.endedOutbox("merged", 10).length, 2, "nothing is dropped without a trace");
  });

  test("a message delivered while a newer one took its place stays delivered", async () => {
    const scene = createScene();
    scene.put("mail", messageOf("a", "FAILED: a"));
    const [row] = scene.catalog.undelivered();
    assert.ok(row);
    scene.put("mail", messageOf("a", "Recovered: a"));
    scene.catalog.settleOutbox(row, { kind: "delivered" }, scene.clock.now());
    assert.deepEqual(
      scene.catalog.endedOutbox("delivered", 10).map(({ seq }) => seq),
      [row.seq],
    );
    await scene.pass();
    assert.deepEqual(scene.mail.taken, ["Recovered: a"]);
  });

  test("a start lapses after two minutes; of ends the newest waits, however long", async () => {
    const scene = createScene();
    const ping = (kind: "start" | "success" | "fail", runId: string) =>
      enqueuePing(scene, { job: "a", kind, runId, body: "" });
    ping("start", "1");
    ping("fail", "1");
    scene.clock.advance(24 * hourMs);
    ping("start", "2");
    ping("success", "2");
    scene.clock.advance(24 * hourMs);
    const carried: string[] = [];
    const sender = createSender({
      channels: [],
      pinger: {
        async ping({ kind, runId }) {
          carried.push(`${kind} ${runId}`);
        },
      },
      outbox: { undelivered: scene.catalog.undelivered, settle: scene.catalog.settleOutbox },
      clock: scene.clock,
      log: createSilentLog(),
      claim: () => () => undefined,
    });
    await sender.deliverDue(idle);
    assert.deepEqual(carried, ["success 2"]);
    assert.deepEqual(scene.catalog.undelivered(), []);
  });

  test("rows for a channel that was taken out of the config are given up, and say so", async () => {
    const scene = createScene();
    scene.put("gone", messageOf("a"));
    await scene.pass();
    assert.match(
      scene.catalog.endedOutbox("given-up", 1)[0]?.failure?.message ?? "",
      /no longer in the config/,
    );
  });

  test("the outbox is bounded: beyond 500 for a channel the oldest is given up with a word, never silently", () => {
    const scene = createScene();
    scene.catalog.atomically(() => {
      for (let index = 0; index < 503; index += 1) scene.put("mail", messageOf(`job/${index}`));
    });
    assert.equal(scene.catalog.undelivered().length, 500);
    assert.deepEqual(
      scene.catalog.endedOutbox("given-up", 10).map(({ key }) => key),
      ["job/2", "job/1", "job/0"],
    );
  });

  test("F126 the last result of each channel is known, also after it was delivered again", async () => {
    const scene = createScene();
    scene.mail.behave = "refused";
    scene.put("mail", messageOf("a"));
    await scene.pass();
    const [bad] = scene.catalog.channelResults();
    assert.deepEqual([bad?.failure?.code, bad?.deliveredAt], ["alerts.refused", null]);
    scene.mail.behave = "take";
    scene.clock.advance(hourMs);
    await scene.pass();
    const [good] = scene.catalog.channelResults();
    assert.deepEqual([good?.failure, good?.deliveredAt], [null, start + hourMs]);
  });

  test("F149 a digest goes out once a week, well or not, and one and not many after a year without us", () => {
    const scene = createScene();
    const alerts = {
      settings: {
        channels: [{ kind: "exec", name: "mail", argv: ["/bin/true"] }],
        rules: [],
        digest: { schedule: "0 8 * * 1", channels: null },
      },
      pinged: new Set<string>(),
      timezone: "UTC",
      sender: async () => scene.sender(),
      startDelivery: () => undefined,
    } as const;
    const look = (now: Instant) => {
      scene.clock.set(now);
      const facts = { now, host: "db1", timezone: "UTC", extent: "whole", jobs: [], disk: [] } as const;
      const told = tell(scene, alerts, { facts, toldBefore: null }) ?? [];
      return told.map(({ event }) => event);
    };
    const days = Array.from({ length: 22 }, (_, day) => look(instant(start + day * 24 * hourMs)));
    assert.equal(days.flat().length, 3, "2026-11-23 is a Monday before eight: 23 (told on the 24th), 30, 7");
    assert.deepEqual(look(instant(start + 400 * 24 * hourMs)), ["digest"]);
    assert.deepEqual(look(instant(start + 400 * 24 * hourMs + minuteMs)), []);
    assert.deepEqual(
      look(instant(start + 30 * 24 * hourMs)),
      [],
      "a clock that went back begins to count anew",
    );
    assert.deepEqual(look(instant(start + 38 * 24 * hourMs)), ["digest"], "and goes on");
    const subjects = scene.catalog
      .undelivered()
      .map(({ content }) => content.kind === "alert" && content.message.subject);
    assert.deepEqual(
      subjects,
      ["All well: 0 jobs on db1: weekly digest"],
      "an older digest that waits is worth nothing",
    );
  });
});
