import { messageOf } from "../../domain/failure.ts";
import type { Context } from "../context.ts";
import { audit } from "./audit.ts";

const dayMs = 86_400_000;

/**
 * Audits those of the destinations of which that was last done a day ago or more; for one that is new the day begins now.
 * Never throws: what could not be looked at is tried again after the next run.
 */
export async function auditDue(
  context: Context,
  { destinations, signal }: { readonly destinations: readonly string[]; readonly signal: AbortSignal },
): Promise<void> {
  const { catalog, clock, log } = context;
  try {
    const looks = catalog.looks().filter(({ destination }) => destinations.includes(destination));
    for (const { destination, destinationId, auditedAt } of looks)
      if (auditedAt === null) catalog.noteAudit(destination, destinationId, clock.now());
    // A clock that was ahead does not end the audits.
    const isDue = (at: number | null) => at !== null && (clock.now() - at >= dayMs || at > clock.now());
    const due = looks.filter(({ auditedAt }) => isDue(auditedAt)).map(({ destination }) => destination);
    for (const { destination, findings, failure } of await audit(context, {
      destinations: [...new Set(due)],
      signal,
    })) {
      if (failure !== null)
        log.warn({ destination, error: failure.message }, "could not audit the destination");
      for (const { kind, name, message, isNew } of findings)
        if (isNew) log.warn({ destination, kind, name }, message);
    }
  } catch (error) {
    log.warn({ error: messageOf(error) }, "could not audit the destinations");
  }
}
