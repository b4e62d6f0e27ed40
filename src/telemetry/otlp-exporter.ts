import { Failure, messageOf } from "../domain/failure.ts";
import type { TelemetrySettings } from "../domain/telemetry-settings.ts";
import { otlpBody, type Sender } from "./otlp-body.ts";
import type { TraceExporter } from "./telemetry.ts";

/** A run is over when this starts, and a person may be waiting: a collector must be quick or go without. */
const limitMs = 2_000;

export function createOtlpExporter(settings: TelemetrySettings, sender: Sender): TraceExporter {
  const url = `${settings.url.replace(/\/+$/, "")}/v1/traces`;
  const headers = Object.fromEntries(settings.headers.map(({ name, value }) => [name, value.reveal()]));
  return {
    async send(traces, signal) {
      const body = otlpBody(traces, sender);
      const answer = await fetch(url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body,
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
      }).catch((error: unknown) => {
        throw unreachable(settings, reasonOf(error), error);
      });
      await answer.body?.cancel();
      if (!answer.ok) throw unreachable(settings, `it answered ${answer.status}`);
    },
  };
}

/** Node's fetch says "fetch failed" and hides why in the cause. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return `no answer within ${limitMs / 1000} s`;
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}

function unreachable({ url }: TelemetrySettings, seen: string, cause?: unknown): Failure {
  return new Failure("telemetry.collector", `Cannot send traces to "${url}": ${seen}`, {
    hint: "Check `telemetry.otlp` in the config; no backup depends on it.",
    cause,
  });
}
