import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Certificate } from "./certificate.ts";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A real server on loopback that takes what is sent and answers as it is told to. */
export interface HttpSink {
  /** Without a path. */
  readonly origin: string;
  readonly received: readonly Received[];
  /** How requests are answered from now on; at first with 200 and "ok". */
  answerWith(answer: (response: ServerResponse, request: Received) => void): void;
  /** Resolves when so many requests have arrived whole. */
  arrived(count: number): Promise<void>;
  /** Resolves when no connection is left. */
  left(): Promise<void>;
  close(): Promise<void>;
}

export async function startHttpSink(certificate: Certificate | null = null): Promise<HttpSink> {
  const received: Received[] = [];
  let answer: (response: ServerResponse, request: Received) => void = (response) => response.end("ok");
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // without an encoding, chunks are buffers
    const { method = "", url: path = "", headers } = request;
    const one = {
      method,
      path,
      headers,
      body: new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)),
    };
    received.push(one);
    answer(response, one);
    server.emit("taken");
  };
  const server = certificate
    ? createSecureServer(
        { key: readFileSync(certificate.keyFile), cert: readFileSync(certificate.certFile) },
        listener,
      )
    : createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // listening on TCP
  return {
    origin: `${certificate ? "https" : "http"}://127.0.0.1:${port}`,
    received,
    answerWith(next) {
      answer = next;
    },
    async arrived(count) {
      while (received.length < count) await once(server, "taken");
    },
    async left() {
      const connections = () =>
        new Promise<number>((resolve, reject) =>
          server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
        );
      while ((await connections()) > 0) await new Promise((resolve) => setImmediate(resolve));
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
