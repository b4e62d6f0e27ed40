import { openCatalog } from "../../src/catalog/open-catalog.ts";
import { instant } from "../../src/domain/instant.ts";
import type { Operator, StartedTool } from "./cli-tool.ts";

/** Ten minutes ago: late enough to be caught up, and far enough from the next one, at whatever time this runs. */
const newestSlotMs = Math.floor(Date.now() / 60_000 - 10) * 60_000;

/** Hourly, at the minute of newestSlotMs. */
export const hourly = `${new Date(newestSlotMs).getUTCMinutes()} * * * *`;

/** A config with one job that somebody could have to wait for, and one that ends at once. */
export function serveConfig(more = ""): string {
  return `
version: 1
state: ./state
destinations: {}
scheduler: { drain: 30s }
jobs:
  job:
    schedule: "${hourly}"
    command: { argv: [/bin/sh, -c, "echo ran >> ran; ${more} true"], cwd: . }
`;
}

/** As if the job had last been run that many slots ago, and nothing has been there since. */
export function leaveFor(operator: Operator, job: string, slots: number): void {
  const catalog = openCatalog(operator.path("state/catalog.db"));
  catalog.scheduleSince(job, `${hourly} UTC`, instant(newestSlotMs - slots * 3_600_000));
  catalog.close();
}

/** Settles when the log of the service has such a line; rejects when it ends before. */
export function logged({ child, ended }: StartedTool, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const onData = (chunk: Buffer) => {
      text += chunk;
      if (!pattern.test(text)) return;
      child.stderr?.off("data", onData);
      resolve(text);
    };
    child.stderr?.on("data", onData);
    void ended.then(({ code, stderr }) => reject(new Error(`it ended with ${code}: ${stderr}`)));
  });
}

/** Rows of slots as `state reason`, newest first. */
export function slotsOf(operator: Operator, job: string): readonly string[] {
  const catalog = openCatalog(operator.path("state/catalog.db"));
  try {
    return catalog.slots({ job }).map(({ state }) => state);
  } finally {
    catalog.close();
  }
}
