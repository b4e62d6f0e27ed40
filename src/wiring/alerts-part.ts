import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Channel } from "../alerts/alert.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Config } from "../config/config.ts";
import { namingConfig } from "../domain/alerts/naming-config.ts";
import { formatInstant } from "../domain/instant.ts";
import type { AlertsPart } from "../operations/context.ts";
import type { Clock } from "../platform/clock.ts";
import { startDetached } from "../platform/detached.ts";
import { tryFileLock } from "../platform/file-lock.ts";
import type { Host } from "../platform/host.ts";
import type { Log } from "../platform/log.ts";
import { ownProgram } from "./own-program.ts";

export interface AlertsParts {
  readonly config: Config;
  /** Whose outbox it is. */
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Log;
  readonly host: Host;
  readonly childEnv: Readonly<Record<string, string>>;
}

/** Null when neither alerts nor pings are configured. */
export function alertsPart(parts: AlertsParts): AlertsPart | null {
  const { config, log } = parts;
  if (config.alerts === null && config.pings === null) return null;
  let sender: ReturnType<AlertsPart["sender"]> | null = null;
  return {
    settings: config.alerts ?? { channels: [], rules: [], digest: { schedule: null, channels: null } },
    pinged: new Set(config.pings?.urls.keys()),
    timezone: config.timezone,
    sender() {
      sender ??= openSender(parts);
      return sender;
    },
    startDelivery() {
      const { file, args } = ownProgram();
      const words = ["-q", "--config", config.path, "alerts", "deliver"];
      startDetached([file, ...args, ...words], parts.childEnv, (error) =>
        log.warn({ error: error.message }, "cannot start the delivery of alerts; the next run tries again"),
      );
    },
  };
}

/** The same channel; what it carries can be typed as it stands. */
export function toOperator(channel: Channel, configPath: string): Channel {
  return {
    ...channel,
    deliver: (message, signal) => channel.deliver(namingConfig(message, configPath), signal),
  };
}

async function openSender(parts: AlertsParts): ReturnType<AlertsPart["sender"]> {
  const { config, catalog, clock, log, host, childEnv } = parts;
  const { createSender } = await import("../alerts/sender.ts");
  const { createChannels } = await import("../alerts/create-channels.ts");
  const { createPinger } = await import("../alerts/pinger.ts");
  const deps = { clock, childEnv };
  const channels = createChannels(config.alerts?.channels ?? [], deps).map((channel) =>
    toOperator(channel, config.path),
  );
  const pinger = config.pings === null ? null : createPinger(config.pings, deps);
  const directory = join(config.statePath, "locks");
  return createSender({
    channels,
    pinger,
    outbox: { undelivered: catalog.undelivered, settle: catalog.settleOutbox },
    clock,
    log,
    claim(channel) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const holder = { host: host.name, bootId: host.bootId, pid: host.pid, runId: "alerts" };
      // A job cannot be called so: names of jobs do not begin with a dot.
      const name = `.alerts-${encodeURIComponent(channel)}.db`;
      const since = formatInstant(clock.now());
      const attempt = tryFileLock(join(directory, name), { ...holder, since });
      return attempt.kind === "held" ? attempt.lock.release : null;
    },
  });
}
