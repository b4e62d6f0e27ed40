import { type Job, leavesBackups } from "./job.ts";
import type { Transport } from "./source.ts";

/**
 * Whether two jobs may run at the same time: not when they load the same database server, nor when one checks
 * the directory that the other writes to, nor when both prove: one of them would only wait. A job never overlaps
 * with itself.
 */
export function mayOverlap(a: Job, b: Job): boolean {
  if (a.name === b.name) return false;
  const [first, second] = [serverOf(a), serverOf(b)];
  if (first !== null && first === second) return false;
  if (a.kind === "proof" && b.kind === "proof") return false;
  return !checksDirectoryOf(a, b) && !checksDirectoryOf(b, a);
}

/** What tells the server of a database job from others; null: it has none. */
function serverOf(job: Job): string | null {
  if (job.kind !== "postgres") return null;
  const { transport, host, port } = job.source;
  return JSON.stringify([placeOf(transport), isLocal(host) ? "local" : host, port ?? 5432]);
}

/** The arguments of ssh say how, not where. */
function placeOf(transport: Transport): unknown {
  if (transport.kind !== "container") return transport.kind === "ssh" ? transport.host : "here";
  return [transport.engine, transport.select];
}

/** A socket, or the machine's own address, as seen from where the client runs. */
function isLocal(host: string | null): boolean {
  return host === null || host.startsWith("/") || ["localhost", "127.0.0.1", "::1"].includes(host);
}

function checksDirectoryOf(a: Job, b: Job): boolean {
  return a.kind === "checksums" && leavesBackups(b) && b.to.includes(a.destination);
}
