import type { ReadingSettings } from "../domain/copies/reading-plan.ts";
import type { VerifyWritten } from "./schema/verify.ts";

/** Nothing is promised where nobody has asked for it. */
export function buildVerify(written: VerifyWritten | null, timezone: string): ReadingSettings {
  if (written === null) return { budgetBytes: null, withinMs: null, schedule: null, timezone };
  const { budget = null, within, schedule = null } = written;
  return { budgetBytes: budget, withinMs: within, schedule, timezone };
}
