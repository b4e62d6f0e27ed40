import type { ReferencesFacts } from "./references.ts";
import type { SetFacts } from "./restore-point.ts";
import { referencesSchema, setFactsSchema } from "./set-schema.ts";

/** As a manifest has them; null for what are none. */
export function readSetFacts(value: unknown): SetFacts | null {
  const parsed = setFactsSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** As a capsule's facts have them; null for what are none. */
export function readReferences(value: unknown): ReferencesFacts | null {
  const parsed = referencesSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
