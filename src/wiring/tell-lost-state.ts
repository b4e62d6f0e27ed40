import { dirname } from "node:path";
import { createChannels } from "../alerts/create-channels.ts";
import { createSender } from "../alerts/sender.ts";
import { openCatalog } from "../catalog/open-catalog.ts";
import { createConfigLoader } from "../config/load.ts";
import type { AlertMessage } from "../domain/alerts/alert-message.ts";
import { channelsOf } from "../domain/alerts/alert-routing.ts";
import { idOf, nextLine } from "../domain/alerts/alert-words.ts";
import { type Failure, messageOf } from "../domain/failure.ts";
import type { Instant } from "../domain/instant.ts";
import { enqueueMessage } from "../operations/alerts/enqueue.ts";
import { toOperator } from "./alerts-part.ts";
import { buildContext, type ContextParts } from "./build-context.ts";

/**
 * Tells that no run can be made: the outbox lies in the state directory, which failed, so the channels are asked
 * at once, each for ten seconds at most. Nothing remembers it, so each run that ends so tells it again. Never throws.
 */
export async function tellLostState(parts: ContextParts, failure: Failure): Promise<void> {
  try {
    await tell(parts, failure);
  } catch (error) {
    const fields = { failure: failure.code, error: messageOf(error) };
    parts.needs.onLog({ time: "", level: "error", message: "cannot tell of it in alerts", fields });
  }
}

async function tell({ config: { path }, needs, clock, env }: ContextParts, failure: Failure): Promise<void> {
  // The config of a run has no secret of a channel: those are for the process that delivers.
  const loader = createConfigLoader({ env, cwd: dirname(path), clock });
  const config = await loader.load(path, { secrets: "lenient" });
  if (config.alerts === null) return;
  const context = buildContext({ config, needs, clock, env, catalog: openCatalog(":memory:") });
  const { catalog, childEnv, log, host } = context;
  const message = messageFor(failure, { host: host.name, at: clock.now() });
  for (const channel of channelsOf(config.alerts, message)) enqueueMessage(context, channel, message);
  const sender = createSender({
    channels: createChannels(config.alerts.channels, { clock, childEnv }).map((channel) =>
      toOperator(channel, config.path),
    ),
    pinger: null,
    outbox: { undelivered: catalog.undelivered, settle: catalog.settleOutbox },
    claim: () => () => undefined, // nobody else has this outbox
    clock,
    log,
  });
  await sender.deliverDue(new AbortController().signal);
  sender.close();
  await context.close();
}

function messageFor(
  { message, hint }: Failure,
  { host, at }: { readonly host: string; readonly at: Instant },
): AlertMessage {
  const nextStep = "codex-backup doctor";
  return {
    id: idOf("state", "failed", at),
    event: "failed",
    severity: "critical",
    key: "state",
    job: null,
    database: null,
    subject: `FAILED: codex-backup on ${host} cannot run any job: ${message}`,
    lines: [
      `${message}.`,
      "Nothing is backed up until this is mended; each run tells it again.",
      ...(hint === null ? [] : [hint]),
      nextLine(nextStep),
    ],
    nextStep,
    since: null,
    lastGoodAt: null,
    runId: null,
    host,
    at,
  };
}
