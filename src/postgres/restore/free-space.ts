import { messageOf } from "../../domain/failure.ts";
import { succeeded } from "../../platform/child.ts";
import { underDeadline } from "../deadline.ts";
import { finish } from "../reach/finished.ts";
import type { ServerContext } from "../server.ts";

const deadlineMs = 10_000;
const here = new Set(["localhost", "127.0.0.1", "::1"]);

/**
 * Free bytes where the server keeps its data; null when that cannot be known: the directory is not told to this role, or
 * the server is not where the client programs run.
 */
export async function freeBytesOf(
  context: ServerContext,
  dataDirectory: string | null,
): Promise<number | null> {
  const { access } = context;
  const { host } = access.source;
  const isHere = host === null || host.startsWith("/") || here.has(host);
  if (dataDirectory === null || !isHere) return null;
  try {
    return await underDeadline(access.deps.clock, deadlineMs, async (signal) => {
      const args = ["-Pk", dataDirectory];
      const child = await access.reach.start({ program: "df", args, stdout: "pipe", login: false });
      const { end, stdout } = await finish(child, signal);
      return succeeded(end) ? availableIn(stdout.toString()) : null;
    });
  } catch (error) {
    access.deps.log.debug({ error: messageOf(error) }, "free space of the server could not be asked");
    return null;
  }
}

/** The fourth column of what POSIX wants df to print, in 1,024 bytes. */
export function availableIn(printed: string): number | null {
  const [, columns] = printed.trim().split("\n");
  const kilobytes = /\s(\d+)\s+\d+%\s/.exec(columns ?? "")?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
