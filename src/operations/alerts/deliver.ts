import type { DeliverReport } from "../../domain/alerts/alert-report.ts";
import { nextTry } from "../../domain/alerts/outbox.ts";
import { sleep } from "../../platform/clock.ts";
import type { Context } from "../context.ts";

export interface DeliverOptions {
  /** Retries are waited for at most so long; 0: each message is tried once. */
  readonly maxMs: number;
  /** A person says that the other side is back: what waits for its next try is tried at once. */
  readonly isMended?: boolean;
  readonly signal: AbortSignal;
}

/** Between two looks while another process has a channel. */
const lookMs = 2000;

/**
 * Delivers what is due, and waits for retries within the limit. The signal lets attempts under way end, and
 * starts no other. What could not be delivered stays for the next one.
 */
export async function deliver(
  context: Context,
  { maxMs, isMended = false, signal }: DeliverOptions,
): Promise<DeliverReport> {
  const { alerts, catalog, clock } = context;
  if (alerts === null) return { waiting: 0 };
  const channels = new Set(catalog.undelivered().map(({ channel }) => channel));
  if (isMended) for (const channel of channels) catalog.hastenOutbox(channel, clock.now());
  const untilMs = clock.monotonicMs() + maxMs;
  for (;;) {
    // Only then are the channels loaded.
    if (catalog.undelivered().length > 0) await (await alerts.sender()).deliverDue(signal);
    const rows = catalog.undelivered();
    const next = nextTry(rows);
    if (next === null || signal.aborted) return { waiting: rows.length };
    const waitMs = Math.max(next - clock.now(), lookMs);
    if (clock.monotonicMs() + waitMs > untilMs) return { waiting: rows.length };
    await pause(context, waitMs, signal);
  }
}

/** Being asked to end is no error here. */
export async function pause(
  { clock }: Pick<Context, "clock">,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    await sleep(clock, waitMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
