import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import {
  type ChannelSubject,
  canary,
  describeChannelContract,
  failureOf,
  type Weather,
} from "../../../tests/contract/channel-contract.ts";
import { createHandClock, type HandClock } from "../../../tests/fakes/hand-clock.ts";
import { failedMessage, oddMessage, recoveredMessage } from "../../../tests/fixtures/alerts/messages.ts";
import { headerOf, readable } from "../../../tests/fixtures/alerts/read-mail.ts";
import { type Certificate, makeCertificate } from "../../../tests/servers/certificate.ts";
import { temporaryDirectory } from "../../../tests/servers/cleanup.ts";
import { type SmtpSetup, type SmtpSink, startSmtp } from "../../../tests/servers/smtp.ts";
import type { EmailSettings, SmtpSettings } from "../../domain/alerts/alert-settings.ts";
import { Secret } from "../../domain/secret.ts";
import { createEmailChannel } from "./email.ts";

const never = new AbortController().signal;
const directory = temporaryDirectory("smtp");
let made: Promise<Certificate> | null = null;

function certificate(): Promise<Certificate> {
  made ??= makeCertificate(directory, "mail");
  return made;
}

const login = { user: "codex", password: canary };

function settingsFor(port: number, smtp: Partial<SmtpSettings>, to = ["ops@example.org"]): EmailSettings {
  return {
    kind: "email",
    name: "mail",
    from: "backup@example.org",
    to,
    transport: { kind: "smtp", host: "127.0.0.1", port, tls: "starttls", login: null, caFile: null, ...smtp },
  };
}

interface Scene {
  readonly setup?: Partial<SmtpSetup>;
  readonly smtp?: Partial<SmtpSettings>;
  readonly to?: readonly string[];
}

async function atServer(
  { setup = {}, smtp = {}, to = ["ops@example.org"] }: Scene,
  check: (sink: SmtpSink, channel: ReturnType<typeof createEmailChannel>) => Promise<void>,
): Promise<void> {
  const own = await certificate();
  const sink = await startSmtp({ certificate: own, ...setup });
  const deps = { clock: createHandClock(), childEnv: {} };
  const channel = createEmailChannel(
    settingsFor(sink.port, { caFile: own.certFile, ...smtp }, [...to]),
    deps,
  );
  try {
    await check(sink, channel);
  } finally {
    await sink.close();
  }
}

/** What is done with a mail after its last byte, for each weather. */
const setups: Readonly<Record<Weather, Partial<SmtpSetup>>> = {
  fine: {},
  silent: { afterData: "hang" },
  broken: { afterData: "cut" },
  busy: { afterData: 451 },
  refusing: { login: { user: login.user, password: "another" } },
  absent: {},
};

async function openMail(weather: Weather, clock: HandClock): Promise<ChannelSubject> {
  const own = await certificate();
  const sink = await startSmtp({ certificate: own, login, ...setups[weather] });
  const reached = sink.dataCame();
  const smtp = { caFile: own.certFile, login: { user: login.user, password: new Secret(canary) } };
  const channel = createEmailChannel(settingsFor(sink.port, smtp), { clock, childEnv: {} });
  if (weather === "absent") await sink.close();
  return {
    channel,
    received: () => sink.received.map(({ raw }) => readable(raw)),
    reached: () => reached,
    close: async () => {
      if (weather !== "absent") await sink.close();
    },
  };
}

describeChannelContract("email", openMail, {
  broken: "alerts.unreachable",
  busy: "alerts.unreachable",
  refusing: "alerts.refused",
  absent: "alerts.unreachable",
});

describe("mail:", () => {
  test("goes over STARTTLS with a login, from and to whom the config says", () =>
    atServer(
      {
        setup: { login },
        smtp: { login: { user: login.user, password: new Secret(canary) } },
        to: ["ops@example.org", "boss@example.org"],
      },
      async (sink, channel) => {
        await channel.deliver(failedMessage, never);
        const [mail] = sink.received;
        assert.ok(mail);
        assert.deepEqual(
          { ...mail, raw: "" },
          {
            from: "backup@example.org",
            to: ["ops@example.org", "boss@example.org"],
            raw: "",
            isSecure: true,
            user: "codex",
          },
        );
        assert.equal(headerOf(mail.raw, "Auto-Submitted"), "auto-generated");
        assert.equal(headerOf(mail.raw, "Subject"), failedMessage.subject);
      },
    ));

  test("goes over TLS from the first byte, and in the open on this host, when that is asked for", async () => {
    await atServer({ setup: { isImplicit: true }, smtp: { tls: "implicit" } }, async (sink, channel) => {
      await channel.deliver(failedMessage, never);
      assert.equal(sink.received[0]?.isSecure, true);
    });
    await atServer({ setup: { certificate: null }, smtp: { tls: "none" } }, async (sink, channel) => {
      await channel.deliver(failedMessage, never);
      assert.equal(sink.received[0]?.isSecure, false);
    });
  });

  test("never falls back to an open line, and sends no password over one", () =>
    atServer(
      {
        setup: { certificate: null, login },
        smtp: { login: { user: login.user, password: new Secret(canary) } },
      },
      async (sink, channel) => {
        const failure = await failureOf(channel.deliver(failedMessage, never));
        assert.equal(failure.code, "alerts.refused");
        assert.match(failure.hint ?? "", /tls/);
        assert.deepEqual(sink.received, []);
      },
    ));

  test("a server that does not speak TLS where TLS begins is told as that", () =>
    atServer({ setup: { certificate: null }, smtp: { tls: "implicit" } }, async (_sink, channel) => {
      const failure = await failureOf(channel.deliver(failedMessage, never));
      assert.equal(failure.code, "alerts.refused");
      assert.match(failure.message, /127.0.0.1:\d+ speaks no TLS$/);
    }));

  test("a certificate that nobody vouches for is refused, and caFile is named", () =>
    atServer({ smtp: { caFile: null } }, async (sink, channel) => {
      const failure = await failureOf(channel.deliver(failedMessage, never));
      assert.equal(failure.code, "alerts.refused");
      assert.match(failure.message, /self-signed certificate/);
      assert.match(failure.hint ?? "", /caFile/);
      assert.deepEqual(sink.received, []);
    }));

  test("a wrong password is told as 535, without what the server repeats of it", () =>
    atServer(
      {
        setup: { login: { user: login.user, password: "another" } },
        smtp: { login: { user: login.user, password: new Secret(canary) } },
      },
      async (_sink, channel) => {
        const failure = await failureOf(channel.deliver(failedMessage, never));
        assert.equal(failure.code, "alerts.refused");
        assert.match(failure.message, /535/);
        assert.match(failure.hint ?? "", /user and password/);
      },
    ));

  test("a recipient who is refused is named, and the others have their mail", () =>
    atServer(
      {
        setup: { refusals: { "gone@example.org": { code: 550, text: "no such user" } } },
        to: ["ops@example.org", "gone@example.org"],
      },
      async (sink, channel) => {
        const failure = await failureOf(channel.deliver(failedMessage, never));
        assert.equal(failure.code, "alerts.refused");
        assert.match(failure.message, /refused gone@example.org \(550 .*no such user\)/);
        assert.deepEqual(failure.context, { accepted: 1, refused: 1 });
        assert.deepEqual(
          sink.received.map(({ to }) => to),
          [["ops@example.org"]],
        );
      },
    ));

  test("a recipient who is to be tried later gets it later, and the others not twice", async () => {
    const refusals: Record<string, { code: number; text: string }> = {
      "grey@example.org": { code: 450, text: "come back later" },
    };
    await atServer(
      { setup: { refusals }, to: ["ops@example.org", "grey@example.org"] },
      async (sink, channel) => {
        const failure = await failureOf(channel.deliver(failedMessage, never));
        assert.equal(failure.code, "alerts.unreachable");
        delete refusals["grey@example.org"];
        await channel.deliver(failedMessage, never);
        assert.deepEqual(
          sink.received.map(({ to }) => to),
          [["ops@example.org"], ["grey@example.org"]],
        );
        await channel.deliver(recoveredMessage, never);
        assert.deepEqual(sink.received[2]?.to, ["ops@example.org", "grey@example.org"]);
      },
    );
  });

  test("when nobody is accepted, it depends on whether any of them may be later", async () => {
    for (const [code, expected] of [
      [550, "alerts.refused"],
      [451, "alerts.unreachable"],
    ] as const) {
      await atServer(
        { setup: { refusals: { "ops@example.org": { code, text: "no" } } } },
        async (sink, channel) => {
          const failure = await failureOf(channel.deliver(failedMessage, never));
          assert.equal(failure.code, expected);
          assert.deepEqual(sink.received, []);
        },
      );
    }
  });

  test("has the same Message-ID at each attempt, and one thread for one thing", () =>
    atServer({}, async (sink, channel) => {
      await channel.deliver(failedMessage, never);
      await channel.deliver(failedMessage, never);
      await channel.deliver(recoveredMessage, never);
      await channel.deliver({ ...failedMessage, id: "other", key: "job/capsule" }, never);
      const [first, again, recovered, other] = sink.received.map(({ raw }) => ({
        id: headerOf(raw, "Message-ID"),
        thread: headerOf(raw, "References"),
        reply: headerOf(raw, "In-Reply-To"),
      }));
      assert.deepEqual(first, again);
      assert.notEqual(first?.id, recovered?.id);
      assert.equal(first?.thread, recovered?.thread);
      assert.equal(first?.reply, first?.thread);
      assert.notEqual(first?.thread, other?.thread);
    }));

  test("a text with line ends and addresses in it writes no header and adds no recipient", () =>
    atServer({}, async (sink, channel) => {
      await channel.deliver(oddMessage, never);
      const [mail] = sink.received;
      assert.ok(mail);
      assert.deepEqual(mail.to, ["ops@example.org"]);
      assert.equal(headerOf(mail.raw, "Bcc"), null);
      assert.equal(headerOf(mail.raw, "X-Evil"), null);
      const subject = headerOf(mail.raw, "Subject") ?? "";
      assert.match(subject, /^FAILED: <!channel> @everyone <@U123> Bcc: evil@example.org .*🐘/);
      assert.match(readable(mail.raw), /\r\n\.\r\na line of a dot alone[\s\S]*四字 🐘/);
    }));

  test("a server that says nothing after the connection is left after ten seconds", async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket.on("error", () => undefined)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // listening on TCP
    const clock = createHandClock();
    const channel = createEmailChannel(settingsFor(port, {}), { clock, childEnv: {} });
    const delivery = failureOf(channel.deliver(failedMessage, never));
    await once(server, "connection");
    clock.advance(10_000);
    assert.equal((await delivery).code, "alerts.unreachable");
    await Promise.all(sockets.map((socket) => (socket.closed ? null : once(socket.resume(), "close"))));
    server.close();
  });

  test("a server that dies in the middle of a mail is tried again later", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.write("220 here\r\n");
      socket.on("data", (bytes) => {
        const said = String(bytes);
        if (said.startsWith("EHLO")) socket.write("250 here\r\n");
        else if (said.startsWith("DATA")) socket.write("354 go on\r\n", () => socket.destroy());
        else socket.write("250 ok\r\n");
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // listening on TCP
    const deps = { clock: createHandClock(), childEnv: {} };
    const channel = createEmailChannel(settingsFor(port, { tls: "none" }), deps);
    assert.equal((await failureOf(channel.deliver(failedMessage, never))).code, "alerts.unreachable");
    server.close();
  });
});
