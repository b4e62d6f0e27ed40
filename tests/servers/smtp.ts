import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { Certificate } from "./certificate.ts";

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly isSecure: boolean;
  readonly user: string | null;
}

export interface SmtpSetup {
  /** Null: a server without TLS. */
  readonly certificate: Certificate | null;
  readonly isImplicit?: boolean;
  readonly login?: { readonly user: string; readonly password: string };
  /** What recipients are answered with, by address. */
  readonly refusals?: Readonly<Record<string, { readonly code: number; readonly text: string }>>;
  /** After the whole mail has come: taken, no answer, the connection cut, or an answer such as 451. */
  readonly afterData?: "take" | "hang" | "cut" | number;
}

/** A real SMTP server on loopback. */
export interface SmtpSink {
  readonly port: number;
  readonly received: readonly ReceivedMail[];
  /** Commands and mails that have come whole. */
  dataCame(): Promise<void>;
  close(): Promise<void>;
}

export async function startSmtp(setup: SmtpSetup): Promise<SmtpSink> {
  const received: ReceivedMail[] = [];
  const server = new SMTPServer(optionsOf(setup, received, () => server.emit("data-came")));
  server.on("error", () => undefined); // a client that cuts the line is what some tests are about
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo; // listening on TCP
  return {
    port,
    received,
    dataCame: async () => {
      await once(server, "data-came");
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function optionsOf(setup: SmtpSetup, received: ReceivedMail[], came: () => void): SMTPServerOptions {
  const { certificate, login, refusals = {}, afterData = "take" } = setup;
  return {
    ...(certificate && { key: readFileSync(certificate.keyFile), cert: readFileSync(certificate.certFile) }),
    secure: setup.isImplicit === true,
    hideSTARTTLS: certificate === null,
    authOptional: login === undefined,
    disabledCommands: [
      ...(login === undefined ? ["AUTH"] : []),
      ...(certificate === null ? ["STARTTLS"] : []), // it would offer a certificate of its own
    ],
    disableReverseLookup: true,
    closeTimeout: 50,
    logger: false,
    onAuth({ username, password }, _session, done) {
      if (username === login?.user && password === login?.password) return done(null, { user: username });
      // as servers do that repeat what they were given
      done(
        Object.assign(new Error(`authentication failed for ${username} ${password}`), { responseCode: 535 }),
      );
    },
    onRcptTo({ address }, _session, done) {
      const refusal = refusals[address];
      done(refusal ? Object.assign(new Error(refusal.text), { responseCode: refusal.code }) : null);
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.once("end", () => {
        came();
        if (afterData === "hang") return;
        if (afterData === "cut") return cutAll(this);
        if (typeof afterData === "number")
          return done(Object.assign(new Error("not now"), { responseCode: afterData }));
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: String(Buffer.concat(chunks)),
          isSecure: session.secure,
          user: typeof session.user === "string" ? session.user : null,
        });
        done();
      });
    },
  };
}

/** Cuts the open connections, which the server keeps for itself. */
function cutAll(server: unknown): void {
  const { connections } = server as { connections: Set<{ _socket: { destroy(): void } }> }; // smtp-server's own fields
  for (const connection of connections) connection._socket.destroy();
}
