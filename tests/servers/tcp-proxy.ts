import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** "up" is to the server. */
export type Way = "up" | "down";

/**
 * What happens on the line, once, after so many bytes have gone that way since strike(). cut: the connection is reset.
 * silent: nothing more goes either way, and nobody is told, until calm(). flip: one bit of a body differs.
 * answer: the next request of HTTP is answered by us instead of the server. delay: everything comes so much later.
 */
export type WireFault =
  | { readonly kind: "cut" | "silent" | "flip"; readonly way: Way; readonly afterBytes: number }
  | { readonly kind: "answer"; readonly status: number; readonly code: string }
  | { readonly kind: "delay"; readonly ms: number };

/** A line to a server on loopback, on which a test breaks things. */
export interface TcpProxy {
  readonly port: number;
  /** From now on, in place of what was before. `times`: how often it strikes; default 1. */
  strike(fault: WireFault, times?: number): void;
  /** Nothing is wrong any more; what was silent is cut. */
  calm(): void;
  /** How often the fault has struck since strike(). */
  struck(): number;
  close(): Promise<void>;
}

interface Line {
  fault: WireFault | null;
  timesLeft: number;
  struck: number;
  isSilent: boolean;
  readonly passed: Record<Way, number>;
  readonly sockets: Set<Socket>;
}

export async function startTcpProxy(serverPort: number): Promise<TcpProxy> {
  const line: Line = {
    fault: null,
    timesLeft: 0,
    struck: 0,
    isSilent: false,
    passed: { up: 0, down: 0 },
    sockets: new Set(),
  };
  const server = createServer((near) => join(line, near, connect(serverPort, "127.0.0.1")));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    strike(fault, times = 1) {
      Object.assign(line, { fault, timesLeft: times, struck: 0, isSilent: false });
      Object.assign(line.passed, { up: 0, down: 0 });
    },
    calm() {
      if (line.isSilent) for (const socket of line.sockets) socket.destroy();
      Object.assign(line, { fault: null, isSilent: false });
    },
    struck: () => line.struck,
    async close() {
      for (const socket of line.sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function join(line: Line, near: Socket, far: Socket): void {
  const pair = { near, far, isAnswered: false };
  for (const socket of [near, far]) {
    line.sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("end", () => (socket === near ? far : near).end());
    socket.on("close", () => {
      line.sockets.delete(socket);
      if (!pair.isAnswered || socket === near) for (const one of [near, far]) one.destroy();
    });
  }
  near.on("data", (bytes: Buffer) => pass(line, pair, { way: "up", bytes }));
  far.on("data", (bytes: Buffer) => pass(line, pair, { way: "down", bytes }));
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  isAnswered: boolean;
}

interface Piece {
  readonly way: Way;
  readonly bytes: Buffer;
}

function pass(line: Line, pair: Pair, { way, bytes }: Piece): void {
  if (line.isSilent || pair.isAnswered) return;
  const [source, target] = way === "up" ? [pair.near, pair.far] : [pair.far, pair.near];
  const before = line.passed[way];
  line.passed[way] += bytes.length;
  const fault = line.timesLeft > 0 ? line.fault : null;
  const struck = () => {
    line.timesLeft -= 1;
    line.struck += 1;
    line.passed[way] = 0;
  };
  if (fault?.kind === "answer" && way === "up" && isRequest(bytes)) {
    struck();
    answer(pair, fault);
    return;
  }
  if (fault?.kind === "cut" && fault.way === way && line.passed[way] > fault.afterBytes) {
    struck();
    target.write(bytes.subarray(0, Math.max(0, fault.afterBytes - before)));
    setImmediate(() => pair.near.resetAndDestroy());
    return;
  }
  if (fault?.kind === "silent" && fault.way === way && line.passed[way] > fault.afterBytes) {
    struck();
    line.isSilent = true;
    return;
  }
  const isHit = fault?.kind === "flip" && fault.way === way && line.passed[way] > fault.afterBytes;
  if (isHit && isBody(bytes)) {
    struck();
    send(source, target, flipped(bytes));
    return;
  }
  if (fault?.kind === "delay") {
    line.struck += 1;
    setTimeout(() => send(source, target, bytes), fault.ms);
  } else send(source, target, bytes);
}

function send(source: Socket, target: Socket, bytes: Buffer): void {
  if (target.destroyed || target.write(bytes)) return;
  source.pause();
  target.once("drain", () => source.resume());
}

function isRequest(bytes: Buffer): boolean {
  return /^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(bytes.subarray(0, 4096).toString("latin1"));
}

/** Long enough to be from the middle of a file, without a head of HTTP. */
function isBody(bytes: Buffer): boolean {
  return bytes.length > 4096 && !bytes.includes("\r\n\r\n");
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const middle = copy.length >> 1;
  copy.writeUInt8(copy.readUInt8(middle) ^ 1, middle);
  return copy;
}

/** What the client still sends is thrown away, so that it comes to read the answer. */
function answer(pair: Pair, { status, code }: { readonly status: number; readonly code: string }): void {
  pair.isAnswered = true;
  pair.far.destroy();
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>test</Message></Error>`;
  const head = [
    `HTTP/1.1 ${status} ${code}`,
    "Content-Type: application/xml",
    `Content-Length: ${body.length}`,
    `x-ms-error-code: ${code}`,
    "Connection: close",
  ];
  pair.near.write(`${head.join("\r\n")}\r\n\r\n${body}`);
}
