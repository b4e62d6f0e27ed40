import { z } from "zod";
import { type Anomaly, anomalyKinds, type BackupProfile } from "./anomaly.ts";

const count = z.number().nonnegative();

const profile: z.ZodType<BackupProfile> = z.object({
  durationMs: count,
  contentBytes: count,
  parts: z.array(z.object({ name: z.string(), count, bytes: count })).nullable(),
  isLikeAccepted: z.boolean().optional(),
});

const anomalies: z.ZodType<readonly Anomaly[]> = z.array(
  z.object({ kind: z.enum(anomalyKinds), message: z.string() }),
);

/** A profile as it was kept; null for what is none. */
export function readProfile(value: unknown): BackupProfile | null {
  const parsed = profile.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** Anomalies as they were kept; null for what are none. */
export function readAnomalies(value: unknown): readonly Anomaly[] | null {
  if (Array.isArray(value) && value.length === 0) return []; // nearly all of them: a list reads thousands
  const parsed = anomalies.safeParse(value);
  return parsed.success ? parsed.data : null;
}
