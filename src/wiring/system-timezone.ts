import { readlinkSync } from "node:fs";
import { isTimezone } from "../domain/local-time.ts";

/** The zone that cron and systemd go by, whatever TZ says in this process. */
export function systemTimezone(): string {
  try {
    const name = /zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(readlinkSync("/etc/localtime"))?.[1];
    if (name !== undefined && isTimezone(name)) return name === "Etc/UTC" ? "UTC" : name;
  } catch {
    // no link: a copied file, or none, which is UTC; the runtime knows which
  }
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
