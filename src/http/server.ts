import { chmod, lstat, unlink } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { connect } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { formatListenAddress, type ListenAddress } from "../domain/access/http-settings.ts";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import { createApp, type Peer } from "./create-app.ts";
import { answerOf } from "./failure-answer.ts";
import type { HttpParts, HttpServer } from "./http.ts";

/** What one client may cost. A request's head must be there within 10 s, all of it within 30 s, from the first byte on. */
const limits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 2_000,
};
const mostHeaders = 100;
const mostConnections = 512;
/** With so many, those that only wait for a next request are closed. */
const crowdedConnections = 448;
/** So long may answers under way go on after `close`. */
const graceMs = 5_000;

/** Answers requests with the operations. */
export function createHttpServer(parts: HttpParts): HttpServer {
  const app = createApp(parts);
  const listener = getRequestListener(
    (request, { incoming }) => app.fetch(request, peerOf(incoming as IncomingMessage)), // we serve HTTP/1.1 only
    {
      overrideGlobalObjects: true,
      errorHandler: () => malformed(parts),
    },
  );
  const server = createServer(limits, (incoming, outgoing) => void listener(incoming, outgoing));
  server.maxHeadersCount = mostHeaders;
  server.maxConnections = mostConnections;
  keepRoom(server, parts);
  const { listen } = parts.settings;
  let isClosed = false;
  return {
    async listen() {
      try {
        if (listen.kind === "unix") await clearSocket(listen.path);
        await bind(server, listen);
      } catch (error) {
        throw notBound(listen, error);
      }
      server.on("error", (err) => parts.log.error({ err }, "the HTTP server has trouble"));
    },
    address() {
      const address = server.address();
      if (address === null || typeof address === "string") return address === null ? null : `unix:${address}`;
      return formatListenAddress({ kind: "tcp", host: address.address, port: address.port });
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await Promise.all([withinGrace(app.close(), parts), closeServer(server, parts)]);
    },
  };
}

/** Who needs no token must not lock out those who have one, by holding every connection open for nothing. */
function keepRoom(server: Server, { clock, log }: HttpParts): void {
  let open = 0;
  let toldMs = Number.NEGATIVE_INFINITY;
  server.on("connection", (socket) => {
    open += 1;
    socket.once("close", () => {
      open -= 1;
    });
  });
  // Not on "connection": one that has sent nothing yet counts as idle.
  server.on("request", () => {
    if (open > crowdedConnections) server.closeIdleConnections();
  });
  server.on("drop", () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - toldMs < 60_000) return;
    toldMs = nowMs;
    log.warn({}, `connections are refused: ${open} are open, which is as many as there may be`);
  });
}

function peerOf({ socket }: IncomingMessage): Peer {
  return { address: socket.remoteAddress ?? "unix", drop: () => socket.destroy() };
}

/** What cannot even be turned into a request: no Host, a target that is no URL. */
function malformed({ log }: HttpParts): Response {
  const failure = new Failure(
    "usage.invalid-value",
    "Cannot understand the request: its target or Host is malformed",
    {
      hint: "Send a path and one Host header.",
    },
  );
  const answer = answerOf(failure, log);
  const body = answer.kind === "json" ? answer.body : {};
  return Response.json(body, {
    status: 400,
    headers: { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" },
  });
}

async function bind(server: Server, listen: ListenAddress): Promise<void> {
  const place = listen.kind === "unix" ? { path: listen.path } : { host: listen.host, port: listen.port };
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(place, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
  if (listen.kind === "unix") await chmod(listen.path, 0o660);
}

/** A socket that a dead server left is removed; a living one's, or any other file, is not. */
async function clearSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  });
  if (found === null || !found.isSocket()) return;
  const isAlive = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
  if (!isAlive) await unlink(path);
}

function notBound(listen: ListenAddress, error: unknown): Failure {
  const address = formatListenAddress(listen);
  return new Failure("http.listen", `Cannot listen on ${address}: ${messageOf(error)}`, {
    hint:
      errnoOf(error) === "EADDRINUSE"
        ? "See who listens there, for instance with ss -ltnp, or set another http.listen."
        : "Set an address of this host that this user may use as http.listen.",
    cause: error,
  });
}

/** A disk that does not answer must not keep the process from ending. */
async function withinGrace(work: Promise<void>, { clock }: HttpParts): Promise<void> {
  const late = Promise.withResolvers<void>();
  const stop = clock.after(graceMs, late.resolve);
  await Promise.race([work, late.promise]);
  stop();
}

async function closeServer(server: Server, { clock }: HttpParts): Promise<void> {
  const stop = clock.after(graceMs, () => server.closeAllConnections());
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  stop();
}
