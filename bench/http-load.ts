/**
 * Open-loop load on a running `serve`: a request is due every 1/RATE seconds whatever became of those before it, so
 * that a server that stands still is seen as late answers and not as fewer requests.
 *
 * node bench/http-load.ts URL TOKEN [--rate 500] [--seconds 60] [--paths /status,/metrics]
 */
import { Agent, get } from "node:http";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: "string", default: "500" },
    seconds: { type: "string", default: "60" },
    paths: { type: "string", default: "/status,/metrics" },
  },
});
const [url = "", token = ""] = positionals;
const rate = Number(values.rate);
const total = rate * Number(values.seconds);
const paths = values.paths.split(",");
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

const latenciesMs: number[] = [];
const statuses = new Map<string, number>();

/** Counted from when it was due, not from when it was sent. */
function request(path: string, dueMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (outcome: string) => {
      latenciesMs.push(performance.now() - dueMs);
      statuses.set(outcome, (statuses.get(outcome) ?? 0) + 1);
      resolve();
    };
    const headers = { Authorization: `Bearer ${token}` };
    get(`${url}${path}`, { agent, headers }, (response) => {
      response.resume();
      response.on("end", () => end(String(response.statusCode)));
      response.on("error", (error) => end(error.message));
    }).on("error", (error) => end(error.message));
  });
}

function quantile(share: number): string {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
}

const startMs = performance.now();
const pending: Promise<void>[] = [];
await new Promise<void>((resolve) => {
  const tick = setInterval(() => {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1000) * rate));
    while (pending.length < due) {
      const index = pending.length;
      pending.push(request(paths[index % paths.length] ?? "/status", startMs + (index / rate) * 1000));
    }
    if (due < total) return;
    clearInterval(tick);
    resolve();
  }, 1);
});
await Promise.all(pending);
agent.destroy();
const seconds = (performance.now() - startMs) / 1000;
const lines = [
  `${total} requests in ${seconds.toFixed(1)} s: ${[...statuses].map(([status, count]) => `${count} × ${status}`).join(", ")}`,
  `latency in ms: p50 ${quantile(0.5)}, p90 ${quantile(0.9)}, p99 ${quantile(0.99)}, p99.9 ${quantile(0.999)}, max ${quantile(1)}`,
];
process.stdout.write(`${lines.join("\n")}\n`);
