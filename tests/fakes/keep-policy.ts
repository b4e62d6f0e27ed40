import type { KeepPolicy } from "../../src/domain/jobs/job.ts";

/** Keeps the newest good backup, and nothing else for a reason of its own. */
export const noRule: KeepPolicy = {
  days: null,
  last: null,
  hourly: null,
  daily: null,
  weekly: null,
  monthly: null,
  yearly: null,
  sizeBytes: null,
  minimum: 1,
};
