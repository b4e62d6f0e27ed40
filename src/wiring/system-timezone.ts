import { readlinkSync } from "node:fs";
import { isTimezone } from "../domain/local-time.ts";

/** The zone that cron and systemd go by, whatever TZ says in this process. */
export function systemTimezone(): string {
  const name = /zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(targetOf("/etc/localtime"))?.[1];
  if (name === "Etc/UTC") return "UTC";
  if (name !== undefined && isTimezone(name)) return name;
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ""; // a copied file, or none, which is UTC: the runtime knows which
  }
}
