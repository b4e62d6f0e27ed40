import { startChild } from "../platform/child.ts";
import { type Clock, sleep } from "../platform/clock.ts";
import type { ServePart } from "./serve-part.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Tells systemd how the service is: "READY=1", "STOPPING=1". Through its own program, since Node speaks no unix
 * datagrams: the unit needs NotifyAccess=all. Does nothing elsewhere, and never rejects.
 */
export async function notifySystemd(env: Environment, state: string): Promise<void> {
  const { NOTIFY_SOCKET, PATH = "/usr/bin:/bin" } = env;
  if (!NOTIFY_SOCKET) return;
  await startChild({ program: "systemd-notify", args: [state], env: { PATH, NOTIFY_SOCKET } })
    .then((child) => child.ended)
    .catch(() => undefined); // a service that systemd thinks is starting still does its work
}

/** Tells systemd twice in each of its intervals that we are alive, as long as `isWell`. Null: nobody asks. */
export function watchdogPart(env: Environment, clock: Clock, isWell: () => boolean): ServePart | null {
  const intervalMs = Number(env.WATCHDOG_USEC ?? "0") / 1000;
  if (!env.NOTIFY_SOCKET || !(intervalMs > 0)) return null;
  return {
    name: "watchdog",
    async work(signal) {
      while (!signal.aborted) {
        if (isWell()) await notifySystemd(env, "WATCHDOG=1");
        await sleep(clock, intervalMs / 2, signal);
      }
    },
  };
}
