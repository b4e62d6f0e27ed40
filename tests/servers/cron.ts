import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

/** A real cron that sees only the files of one directory. */
export interface RunningCron {
  /** What it has said so far (with -L 15: starts, ends, and files that it ignores are in its log). */
  log(): string;
  stop(): Promise<void>;
}

// In a mount namespace of its own: nothing of the host's crontabs runs, and nothing is left on the host. /run is
// empty there, so that another cron's pid file is no hindrance; syslog's socket is a pipe to us by -f's stderr.
const script = `
mount -t tmpfs none /run && mount --bind "$1" /etc/cron.d && mount -t tmpfs none /var/spool/cron
mkdir -p /var/spool/cron/crontabs
: > /run/crontab && mount --bind /run/crontab /etc/crontab
exec /usr/sbin/cron -f -L 15`;

/** Starts it on the files of a directory, which stands in for /etc/cron.d. It cannot outlive this process. */
export function startCron(directory: string): RunningCron {
  const argv = [
    "-m",
    "--kill-child",
    "--fork",
    "--pid",
    "--mount-proc",
    "sh",
    "-c",
    script,
    "cron",
    directory,
  ];
  const child = spawn("unshare", argv, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk;
    });
  }
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const end = () => void child.kill("SIGKILL");
  process.once("exit", end);
  return {
    log: () => said,
    async stop() {
      process.off("exit", end);
      end();
      await gone;
    },
  };
}

/**
 * The minute, in UTC, at which a cron that is started now first looks at its crontabs. Just before a minute nobody
 * can tell whether it will be in time: then that minute is let pass.
 */
export async function comingMinute(marginMs = 6000): Promise<Date> {
  const leftMs = 60_000 - (Date.now() % 60_000);
  if (leftMs < marginMs) await delay(leftMs + 50);
  return new Date(Math.ceil(Date.now() / 60_000) * 60_000);
}

/** Waits until something is there, looking often; throws with what `state` says when it does not come. */
export async function until(isThere: () => boolean, limitMs: number, state: () => string): Promise<void> {
  const end = Date.now() + limitMs;
  while (!isThere()) {
    if (Date.now() > end) throw new Error(`it did not come:\n${state()}`);
    await delay(100);
  }
}
