import assert from "node:assert/strict";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { after, suite, test } from "node:test";
import { SMTPServer } from "smtp-server";
import { createOperator, type Json, localConfig, type Operator } from "./cli-tool.ts";

interface Chat {
  readonly url: string;
  readonly taken: () => readonly Json[];
  isDown: boolean;
}

/** A chat's webhook that answers 500 while it is down. */
async function startChat(): Promise<Chat> {
  const taken: Json[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    response.statusCode = chat.isDown ? 500 : 200;
    if (!chat.isDown) taken.push(JSON.parse(body));
    response.end("ok");
  };
  const server = createHttpServer((request, response) => void answer(request, response));
  const chat = { url: `${await listen(server)}/hook`, taken: () => taken, isDown: true };
  return chat;
}

async function listen(server: Server | ReturnType<typeof createServer>, port = 0): Promise<string> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  after(() => void server.close());
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // proven: it listens on a port
}

interface Hanging {
  readonly url: string;
  /** Connections that were taken; not one is answered. */
  readonly asked: () => number;
}

async function startHanging(): Promise<Hanging> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.unref();
  });
  const url = await listen(server);
  after(() => {
    for (const socket of sockets) socket.destroy();
  });
  return { url, asked: () => sockets.size };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // proven: it listens on a port
  server.close();
  await once(server, "close");
  return port;
}

/** A job that fails while `broken` is there. */
function configOf(alerts: string): string {
  return `
version: 1
state: ./state
destinations: {}
${alerts}
jobs:
  nightly:
    command: { argv: [/bin/sh, -c, "test ! -e broken"], cwd: . }
`;
}

async function waitFor(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const untilMs = performance.now() + limitMs;
  while (!(await isTrue())) {
    assert.ok(performance.now() < untilMs, `not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Everything that is due by now, as a later run or a line of cron would. */
async function deliverAll(operator: Operator): Promise<void> {
  await waitFor(
    "nothing waits",
    async () => {
      const { document } = await operator.json("alerts", "deliver", "--now", "--wait", "20s");
      return document.waiting === 0;
    },
    90_000,
  );
}

suite("alerts, with real processes and servers", { concurrency: false }, () => {
  test("F121 mail server dead, webhook hanging, chat answering 500: runs are as fast and end as without alerts; all is delivered once when they are back", async () => {
    const [chat, hanging, smtpPort] = [await startChat(), await startHanging(), await freePort()];
    const alerts = (webhook: string) => `
alerts:
  email: { from: backup@localhost, to: [ops@localhost], smtp: { host: 127.0.0.1, port: ${smtpPort}, tls: none } }
  webhook: { url: "${webhook}/hook" }
  slack: { url: "${chat.url}" }
`;
    const operator = createOperator(configOf(alerts(hanging.url)));
    const plain = createOperator(configOf(""));
    for (const one of [operator, plain]) writeFileSync(one.path("broken"), "");
    const took = { alerting: [] as number[], plain: [] as number[] };
    for (let round = 0; round < 4; round += 1) {
      for (const [name, one] of [
        ["alerting", operator],
        ["plain", plain],
      ] as const) {
        const startMs = performance.now();
        const { code, document } = await one.json("run", "nightly");
        took[name].push(performance.now() - startMs);
        assert.equal(code, 1);
        assert.equal(document.runs[0].failure.code, "command.failed");
        assert.deepEqual(document.runs[0].warnings, []);
      }
    }
    await waitFor("each of the three was tried", async () => {
      const { document } = await operator.json("alerts", "list");
      return (
        hanging.asked() > 0 && document.channels.filter((one: Json) => one.failure !== null).length === 3
      );
    });
    const [fastest, usual] = [Math.min(...took.alerting), Math.min(...took.plain)];
    process.stdout.write(
      `# run with dead channels ${Math.round(fastest)} ms, without alerts ${Math.round(usual)} ms\n`,
    );
    assert.ok(fastest < usual + 1000, `${fastest} ms against ${usual} ms: the run waited for a channel`);

    const mails: string[] = [];
    const smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS", "AUTH"],
      onData(stream, _session, done) {
        let text = "";
        stream.on("data", (chunk: Buffer) => {
          text += String(chunk);
        });
        stream.on("end", () => {
          mails.push(text);
          done();
        });
      },
    });
    smtp.listen(smtpPort, "127.0.0.1");
    after(() => void smtp.close());
    const webhook = await startChat();
    webhook.isDown = false;
    chat.isDown = false;
    writeFileSync(operator.path("codex-backup.yaml"), configOf(alerts(webhook.url.replace("/hook", ""))));
    chmodSync(operator.path("codex-backup.yaml"), 0o600);
    // Several at once: none may deliver what another is delivering.
    await Promise.all([deliverAll(operator), deliverAll(operator), deliverAll(operator)]);
    assert.equal(mails.length, 1, "one mail of four failed runs");
    assert.match(mails[0] ?? "", /\nFAILED: nightly: Cannot finish/);
    assert.equal(chat.taken().length, 1);
    assert.equal(webhook.taken().length, 1);
    assert.equal(webhook.taken()[0].event, "failed");
    await deliverAll(operator);
    assert.deepEqual([mails.length, chat.taken().length, webhook.taken().length], [1, 1, 1]);
  });

  test("a failure and its end that both happened while the channel was down arrive as one message that tells both", async () => {
    const chat = await startChat();
    const operator = createOperator(configOf(`alerts: { webhook: { url: "${chat.url}" } }`));
    writeFileSync(operator.path("broken"), "");
    await operator.run("run", "nightly");
    await waitFor("it was tried", async () => {
      const { document } = await operator.json("alerts", "list");
      return document.channels[0].failure !== null;
    });
    rmSync(operator.path("broken"));
    await operator.run("run", "nightly");
    chat.isDown = false;
    await deliverAll(operator);
    const [message, ...others] = chat.taken();
    assert.deepEqual(others, []);
    assert.equal(message.event, "recovered");
    assert.ok(
      message.lines.some((line: string) => /^Not delivered before this: FAILED: nightly/.test(line)),
      message.lines.join("\n"),
    );
    assert.match(message.lines.at(-1), /^Next: codex-backup /);
  });

  test("F126 `alerts test` takes the way of failures: it fails where they would, says why, and leaves nothing behind", async () => {
    const chat = await startChat();
    const operator = createOperator(
      configOf(
        `alerts: { webhook: { url: "${chat.url}" }, exec: { argv: [/bin/sh, -c, "cat > said.json"] } }`,
      ),
    );
    const failed = await operator.json("alerts", "test");
    assert.equal(failed.code, 1);
    assert.deepEqual(
      failed.document.tests.map((one: Json) => [one.channel, one.outcome]),
      [
        ["webhook", "failed"],
        ["exec", "delivered"],
      ],
    );
    assert.match(failed.document.tests[0].failure.message, /500/);
    const listed = await operator.json("alerts", "list");
    assert.equal(listed.code, 1);
    assert.match(listed.document.channels[0].failure.message, /500/);
    assert.deepEqual(listed.document.waiting, []);
    const status = await operator.run("status");
    assert.match(
      status.stdout,
      /^alerts webhook: .*500.* \(waiting: 0\)$/m,
      "whoever looks at the jobs sees it, too",
    );
    chat.isDown = false;
    const { code, document } = await operator.json("alerts", "test", "webhook");
    assert.deepEqual([code, document.tests[0].outcome], [0, "delivered"]);
    assert.equal(chat.taken()[0].event, "test");
    const unknown = await operator.json("alerts", "test", "nobody");
    assert.equal(unknown.code, 2);
    assert.match(unknown.document.error.message, /"webhook", "exec"/);
  });

  test("once a channel is mended, a test that arrives takes along what has been waiting for its next try", async () => {
    const chat = await startChat();
    const operator = createOperator(configOf(`alerts: { webhook: { url: "${chat.url}" } }`));
    writeFileSync(operator.path("broken"), "");
    await operator.run("run", "nightly");
    const list = async () => (await operator.json("alerts", "list")).document;
    await waitFor("it was tried", async () => (await list()).channels[0].failure !== null);
    chat.isDown = false;
    assert.equal((await operator.run("alerts", "test")).code, 0);
    assert.deepEqual(
      chat.taken().map((one) => one.event),
      ["test", "failed"],
    );
    assert.deepEqual((await list()).waiting, []);
  });

  test("F122 a run whose process was killed is told by the watcher, with its job, since when and what to do", async () => {
    const chat = await startChat();
    chat.isDown = false;
    const operator = createOperator(
      configOf(`alerts: { webhook: { url: "${chat.url}" } }`).replace(
        "test ! -e broken",
        "echo > begun; read line < /dev/tty || exec sleep 60",
      ),
    );
    const { child, ended } = operator.start("run", "nightly");
    await waitFor("it runs", () => existsSync(operator.path("begun")));
    child.kill("SIGKILL");
    await ended;
    const { code, document } = await operator.json("watch", "--once");
    assert.equal(code, 6);
    assert.equal(document.told.length, 1);
    assert.match(
      document.told[0].subject,
      /^FAILED: nightly: Cannot finish "nightly": its process \d+ ended without a word; since .*; no good run$/,
    );
    assert.equal(chat.taken().length, 1);
    const again = await operator.json("watch", "--once");
    assert.deepEqual(again.document.told, [], "once is enough");
    assert.equal(chat.taken().length, 1);
  });

  test("F127 a watcher outside hears of the start, the success and the failure of a run, with the reason in the body", async () => {
    const heard: { url: string; body: string }[] = [];
    const server = createHttpServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += String(chunk);
      });
      request.on("end", () => {
        heard.push({ url: request.url ?? "", body });
        response.end("OK");
      });
    });
    const url = await listen(server);
    const operator = createOperator(configOf(`pings: { url: "${url}/key/{job}" }`));
    writeFileSync(operator.path("broken"), "");
    await operator.run("run", "nightly");
    await waitFor("start and fail", () => heard.length >= 2);
    assert.deepEqual(
      heard.map(({ url: path }) => path.replace(/\?.*/, "")),
      ["/key/nightly/start", "/key/nightly/fail"],
    );
    assert.match(heard[1]?.body ?? "", /nightly: failed, [\s\S]*exit status 1/);
    const runIds = heard.map(({ url: path }) => path.replace(/.*\?/, ""));
    assert.equal(runIds[0], runIds[1], "both name the same run");
  });

  test("a catalog that cannot take a message costs the run nothing but a warning", async () => {
    const operator = createOperator(configOf(`alerts: { exec: { argv: [/bin/sh, -c, "cat > said.json"] } }`));
    writeFileSync(operator.path("broken"), "");
    await operator.run("status");
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(operator.path("state/catalog.db"));
    database.exec(
      "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    );
    database.close();
    const { code, document } = await operator.json("run", "nightly");
    assert.equal(code, 1);
    assert.equal(document.runs[0].failure.code, "command.failed");
    assert.match(document.runs[0].warnings.join(), /^nobody is told of this run: .*the disk is full/);
    const { document: status } = await operator.json("status");
    assert.equal(status.jobs[0].lastRun.outcome, "failed", "its row is closed all the same");
    assert.equal(existsSync(operator.path("said.json")), false);
    assert.ok(readFileSync(operator.path("state/catalog.db")).length > 0);
  });

  test("a state directory that cannot be used is told at once, past the outbox that lies in it", async () => {
    const chat = await startChat();
    chat.isDown = false;
    const operator = createOperator(configOf(`alerts: { webhook: { url: "${chat.url}" } }`));
    writeFileSync(operator.path("state"), "no directory");
    const { code, stderr } = await operator.run("run", "nightly");
    assert.equal(code, 1);
    assert.match(stderr, /^Cannot open catalog/);
    const [told, ...more] = chat.taken();
    assert.deepEqual(more, []);
    assert.deepEqual([told.event, told.severity], ["failed", "critical"]);
    assert.match(told.nextStep, /^codex-backup --config \S+codex-backup\.yaml doctor$/);
    assert.match(told.subject, /^FAILED: codex-backup on \S+ cannot run any job: Cannot open catalog /);
  });

  test("F124 another host that sees only the directory tells when backups stop, are cut short or are gone, and when they are back", async () => {
    const chat = await startChat();
    chat.isDown = false;
    const source = createOperator(localConfig);
    await source.run("destination", "init", "store");
    await source.run("run", "capsule");
    const watcher = createOperator(`
version: 1
state: ./state
jobs: {}
alerts: { webhook: { url: "${chat.url}" } }
`);
    const look = async (maxAge: string) => {
      const args = ["watch", "--once", "--destination", source.path("store"), "--max-age", maxAge];
      const { code, document } = await watcher.json(...args);
      return { code, told: document.told.map((one: Json) => `${one.event}: ${one.subject}`) };
    };
    assert.deepEqual(await look("1h"), { code: 0, told: [] });
    const old = await look("1ms");
    assert.equal(old.code, 6);
    assert.match(
      old.told.join("\n"),
      /^stale: STALE: capsule: its newest whole backup in ".*store" is \d+ s old/,
    );
    assert.deepEqual(await look("1ms"), { code: 6, told: [] });
    assert.match((await look("1h")).told.join("\n"), /^recovered: Recovered: capsule/);
    const zip = readdirSync(source.path("store")).find((name) => name.endsWith(".zip")) ?? assert.fail();
    const manifest = source.path("store", zip.replace(".zip", ".manifest.json"));
    const anomalies = [{ kind: "files", message: "ledger has 1 file, usual are 60" }];
    writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, "utf8")), anomalies }));
    assert.match(
      (await look("1h")).told.join("\n"),
      /^suspect: SUSPECT: capsule: .* is suspect: ledger has 1 file/,
    );
    writeFileSync(source.path("store", zip.replace(".zip", ".accepted")), "");
    assert.match((await look("1h")).told.join("\n"), /^recovered: Recovered: capsule: it was suspect/);
    truncateSync(source.path("store", zip), 10);
    assert.match((await look("1h")).told.join("\n"), /^damaged: DAMAGED: capsule: no whole backup lies in/);
    for (const name of readdirSync(source.path("store"))) rmSync(source.path("store", name));
    assert.deepEqual(
      await look("1h"),
      { code: 6, told: [] },
      "told already, and not closed because its manifest is gone",
    );
    assert.deepEqual(
      chat.taken().map(({ event }) => event),
      ["stale", "recovered", "suspect", "recovered", "damaged"],
    );
    const { document } = await watcher.json("alerts", "list");
    assert.equal(document.channels.length, 1);
  });

  test("`watch` as a service tells at once what a run notes, and ends in order at SIGTERM", async () => {
    const chat = await startChat();
    chat.isDown = false;
    const operator = createOperator(configOf(`alerts: { webhook: { url: "${chat.url}" } }`));
    writeFileSync(operator.path("broken"), "");
    const { child, ended } = operator.start("watch", "--interval", "1s");
    await operator.run("run", "nightly");
    await waitFor("the failure is told", () => chat.taken().length > 0);
    rmSync(operator.path("broken"));
    await operator.run("run", "nightly");
    await waitFor("the recovery is told", () => chat.taken().length > 1);
    child.kill("SIGTERM");
    const { code } = await ended;
    assert.equal(code, 0);
    assert.deepEqual(
      chat.taken().map(({ event }) => event),
      ["failed", "recovered"],
      "run and watcher told it once together",
    );
  });

  test("a channel's secret that is gone costs neither a backup nor the other channels' messages, and is told", async () => {
    const alerts = `alerts: { webhook: { urlFile: ./gone }, exec: { argv: [/bin/sh, -c, "cat > $HOME/said.json"] } }`;
    const operator = createOperator(configOf(alerts));
    writeFileSync(operator.path("broken"), "");
    const { code, document } = await operator.json("run", "nightly");
    assert.deepEqual([code, document.runs[0].failure.code], [1, "command.failed"]);
    const { document: list } = await operator.json("alerts", "deliver", "--wait", "0s");
    assert.equal(list.waiting, 1);
    const { document: told } = await operator.json("alerts", "list");
    assert.notEqual(told.channels[0].failure, null);
    assert.equal(told.channels[1].failure, null);
    assert.notEqual(told.channels[1].lastDeliveredAt, null);
    const checked = await operator.json("config", "check");
    assert.equal(checked.document.error.code, "config.secret");
  });

  test("a sender that is killed in the middle of a delivery loses nothing and keeps no other from delivering", async () => {
    const [hanging, chat] = [await startHanging(), await startChat()];
    chat.isDown = false;
    const alertsTo = (url: string) => `alerts: { webhook: { url: "${url}" } }`;
    const operator = createOperator(configOf(alertsTo(`${hanging.url}/hook`)));
    writeFileSync(operator.path("broken"), "");
    const { child, ended } = operator.start("watch", "--interval", "1s");
    await operator.run("run", "nightly");
    await waitFor("a delivery is under way", () => hanging.asked() > 0);
    child.kill("SIGKILL");
    await ended;
    writeFileSync(operator.path("codex-backup.yaml"), configOf(alertsTo(chat.url)));
    await deliverAll(operator);
    assert.deepEqual(
      chat.taken().map(({ event }) => event),
      ["failed"],
    );
  });

  test("doctor tells while nobody looks for runs that never came, and no more once watch has", async () => {
    const operator = createOperator(configOf(`alerts: { exec: { argv: [/bin/true] } }`));
    const codes = async () => {
      const { document } = await operator.json("doctor");
      return document.findings.map((finding: Json) => finding.code);
    };
    await operator.run("run", "nightly");
    assert.ok((await codes()).includes("alerts.nobody-looks"), "a run looks at itself only");
    await operator.run("watch", "--once");
    assert.ok(!(await codes()).includes("alerts.nobody-looks"));
  });
});
