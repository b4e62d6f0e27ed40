import type { AlertFacts } from "../../domain/alerts/alert-facts.ts";
import type { WatchOptions, WatchReport } from "../../domain/alerts/alert-report.ts";
import { isDue } from "../../domain/alerts/outbox.ts";
import { messageOf } from "../../domain/failure.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import type { Context } from "../context.ts";
import { status } from "../status.ts";
import { deliver, pause } from "./deliver.ts";
import { wholeFacts } from "./facts.ts";
import { tell } from "./tell.ts";

/** Between two looks at the outbox: what a run has put there goes out at once, retries when they are due. */
const lookMs = 5000;

/**
 * Looks at everything, tells what is new, delivers it; once, or again and again until the signal. In a process
 * of its own it tells, too, when nothing else runs any more. Without channels it only looks.
 */
export function watch(context: Context, options: WatchOptions): Promise<WatchReport> {
  return watchWith(context, options, async () => {
    const report = await status(context);
    return { facts: wholeFacts(context, report), exit: report.exit };
  });
}

interface Seen {
  readonly facts: AlertFacts;
  readonly exit: ExitStatus;
}

/** The same, whatever is looked at. */
export async function watchWith(
  context: Context,
  options: WatchOptions,
  see: () => Promise<Seen>,
): Promise<WatchReport> {
  for (;;) {
    const report = await look(context, see);
    options.onLook(report);
    if (options.once) {
      const { waiting } = await deliver(context, { maxMs: options.maxDeliveryMs, signal: options.signal });
      return { ...report, waiting };
    }
    await deliverFor(context, options);
    if (options.signal.aborted) return report;
  }
}

/** So often one look is begun anew because a run has told something meanwhile. */
const maxTries = 3;

/** What cannot be looked at now is looked at the next time: a watcher that dies tells nothing. */
async function look(context: Context, see: () => Promise<Seen>): Promise<WatchReport> {
  try {
    for (let tries = 1; ; tries += 1) {
      const toldBefore = context.catalog.alertStates();
      const { facts, exit } = await see();
      const looked = { facts, toldBefore };
      const told = context.alerts === null ? [] : tell(context, context.alerts, looked);
      const isDone = told !== null || tries === maxTries; // whoever is telling all the time is looking, too
      if (isDone) return { told: told ?? [], exit, waiting: context.catalog.undelivered().length };
    }
  } catch (error) {
    context.log.error({ error: messageOf(error) }, "cannot look at the jobs");
    return { told: [], exit: 1, waiting: 0 };
  }
}

/** Until the next look at the jobs. */
async function deliverFor(context: Context, { intervalMs, signal }: WatchOptions): Promise<void> {
  const { clock, log } = context;
  const untilMs = clock.monotonicMs() + intervalMs;
  for (let restMs = intervalMs; restMs > 0 && !signal.aborted; restMs = untilMs - clock.monotonicMs()) {
    try {
      if (hasDue(context)) await deliver(context, { maxMs: 0, signal });
    } catch (error) {
      log.error({ error: messageOf(error) }, "cannot deliver alerts");
    }
    await pause(context, Math.min(lookMs, restMs), signal);
  }
}

function hasDue({ catalog, clock }: Context): boolean {
  const now = clock.now();
  return catalog.undelivered().some((row) => isDue(row, now));
}
