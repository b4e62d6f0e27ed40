import { once } from "node:events";
import { connect as connectTo, createServer, type Socket } from "node:net";

/** A line to a server on loopback that a test cuts. */
export interface LineCutter {
  readonly port: number;
  /** The connections break once so many bytes more have come through, in either direction. */
  cutAfter(bytes: number): void;
  /** From now on nothing goes through in either direction, and nobody is told. */
  freeze(): void;
  /** Whole again, for new connections. */
  mend(): void;
  close(): Promise<void>;
}

export async function startLineCutter(serverPort: number): Promise<LineCutter> {
  let leftBytes = Number.POSITIVE_INFINITY;
  let isFrozen = false;
  const sockets = new Set<Socket>();
  const pass = (from: Socket, to: Socket, bytes: Buffer) => {
    if (isFrozen) return;
    leftBytes -= bytes.length;
    if (leftBytes < 0) return void [from, to].map((socket) => socket.resetAndDestroy());
    if (to.write(bytes)) return;
    from.pause();
    to.once("drain", () => from.resume());
  };
  const server = createServer((near) => {
    const far = connectTo(serverPort, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on("data", (bytes: Buffer) => pass(near, far, bytes));
    far.on("data", (bytes: Buffer) => pass(far, near, bytes));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cutAfter(bytes) {
      leftBytes = bytes;
    },
    freeze() {
      isFrozen = true;
    },
    mend() {
      leftBytes = Number.POSITIVE_INFINITY;
      isFrozen = false;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
