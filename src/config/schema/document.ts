import { z } from "zod";
import { alerts } from "./alerts.ts";
import { configCopy } from "./config-copy.ts";
import { destination } from "./destination.ts";
import { http } from "./http.ts";
import { jobKinds } from "./job.ts";
import { logs } from "./logs.ts";
import { pings } from "./pings.ts";
import { nameRule, plainText, timezone } from "./scalar.ts";
import { scheduler } from "./scheduler.ts";
import { signing } from "./signing.ts";
import { telemetry } from "./telemetry.ts";
import { verify } from "./verify.ts";

const head = {
  version: z
    .literal(1, { error: () => "1, the only version that this codex-backup reads" })
    .default(1)
    .describe("Version of the file's layout"),
  state: plainText
    .default("/var/lib/codex-backup")
    .describe("Directory for catalog, run logs, locks and work files"),
  timezone: timezone.default("UTC").describe("Zone of every schedule, such as Europe/Berlin"),
  scheduler: scheduler.prefault({}).describe("How `serve` starts runs"),
  http: http.optional().describe("The server of `serve`: status, metrics and API; left out: none"),
  signing: signing.prefault({}).describe("Whose signatures of backups count"),
  configCopy: configCopy
    .optional()
    .describe("This file itself, kept encrypted beside the backups; left out: it is kept nowhere"),
  verify: verify.optional().describe("Copies are read again by themselves; left out: only by hand"),
  logs: logs.prefault({}).describe("How long the tool's own logs are kept"),
  telemetry: telemetry.optional().describe("Traces of runs for a collector; left out: none"),
  alerts: alerts.optional().describe("Who is told what, and how; left out: nobody"),
  pings: pings
    .optional()
    .describe("A watcher outside, healthchecks style: told when a run starts, succeeds, fails"),
};

/** The frame; destinations and jobs are checked one by one, by the kind that each names. */
export const frame = z.strictObject({
  ...head,
  destinations: z.record(z.string(), z.unknown()).default({}),
  jobs: z.record(z.string(), z.unknown()),
});

const name = z.string().regex(nameRule);

/** The whole file, for the JSON Schema and the reference. */
export const wholeDocument = z
  .strictObject({
    ...head,
    destinations: z.record(name, destination).default({}).describe("Where backups are kept, by name"),
    jobs: z
      .record(name, z.union([jobKinds.postgres, jobKinds.capsule, jobKinds.checksums, jobKinds.command]))
      .describe("What is backed up, by name"),
  })
  .meta({ title: "codex-backup configuration" });
