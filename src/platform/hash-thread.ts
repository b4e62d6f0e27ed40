import { parentPort } from "node:worker_threads";
import type { HashNews, HashOrder } from "./hash.ts";
import { hashPath } from "./hash-path.ts";

// The body of a thread started by hash.ts; this module does its work on import, which is what a thread's module is for.
const port = parentPort;

function say(news: HashNews): void {
  port?.postMessage(news);
}

const progressBytes = 16 * 1024 * 1024;
let unreported = 0;

function report(atLeast: number): void {
  if (unreported < atLeast) return;
  say({ kind: "progress", bytes: unreported });
  unreported = 0;
}

port?.on("message", (order: HashOrder) => {
  const results = order.paths.map((path) =>
    hashPath(path, (bytes) => {
      unreported += bytes;
      report(progressBytes);
    }),
  );
  report(1);
  say({ kind: "done", results });
});
