import { join } from "node:path";
import type { HttpSettings } from "../domain/access/http-settings.ts";
import { createHttpServer } from "../http/server.ts";
import type { Log } from "../platform/log.ts";
import { readRunLogPage } from "../platform/run-log-page.ts";
import type { LiveScheduler } from "../scheduler/create-scheduler.ts";
import { createAuditFile } from "./audit-file.ts";
import type { ServePart } from "./serve-part.ts";
import type { Generation } from "./serve-parts.ts";
import { createTokenSource } from "./token-source.ts";

interface HttpPartParts {
  readonly generation: Generation;
  readonly scheduler: LiveScheduler;
  readonly log: Log;
}

/** Answers requests until the signal. */
export function httpPart(settings: HttpSettings, { generation, scheduler, log }: HttpPartParts): ServePart {
  const { config, context, operations } = generation;
  const { clock, version, statePath, randomToken } = context;
  return {
    name: "http",
    async work(signal) {
      const server = createHttpServer({
        version,
        settings,
        jobs: config.jobs,
        scheduleOf: context.scheduleOf,
        operations,
        scheduler,
        runLogs: { read: (runId, fromByte) => readRunLogPage(join(statePath, "logs"), runId, fromByte) },
        tokens: createTokenSource({ path: settings.tokenFile, clock, log }),
        audit: createAuditFile(join(statePath, "audit.log")),
        clock,
        log,
        secrets: () => config.secrets,
        schedulerTrouble: scheduler.trouble,
        randomToken,
      });
      await server.listen();
      log.info({ address: server.address() }, "answering requests");
      try {
        await untilAborted(signal);
      } finally {
        await server.close();
      }
    },
  };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
