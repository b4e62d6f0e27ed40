import { Failure, messageOf } from "../domain/failure.ts";
import type { TelemetrySettings } from "../domain/jobs/telemetry-settings.ts";
import type { Clock } from "../platform/clock.ts";
import { otlpBody, type TraceOrigin } from "./otlp-body.ts";
import type { TraceExporter } from "./telemetry.ts";

/** A run is over when this starts, and a person may be waiting: a collector must be quick or go without. */
const limitMs = 2_000;

export interface ExporterParts {
  readonly settings: TelemetrySettings;
  readonly origin: TraceOrigin;
  readonly clock: Clock;
}

/** See TraceExporter. */
export function createOtlpExporter({ settings, origin, clock }: ExporterParts): TraceExporter {
  const url = `${settings.url.replace(/\/+$/, "")}/v1/traces`;
  const headers = Object.fromEntries(settings.headers.map(({ name, value }) => [name, value.reveal()]));
  return {
    async send(traces, signal) {
      const late = new AbortController();
      const cancel = clock.after(limitMs, () =>
        late.abort(unreachable(settings, `no answer within ${limitMs / 1000} s`)),
      );
      try {
        const answer = await fetch(url, {
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: otlpBody(traces, origin),
          redirect: "error",
          signal: AbortSignal.any([signal, late.signal]),
        });
        await answer.body?.cancel();
        if (!answer.ok) throw unreachable(settings, `it answered ${answer.status}`);
      } catch (error) {
        throw error instanceof Failure ? error : unreachable(settings, reasonOf(error), error);
      } finally {
        cancel();
      }
    },
  };
}

/** Node's fetch says "fetch failed" and hides why in the cause. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}

function unreachable({ url }: TelemetrySettings, seen: string, cause?: unknown): Failure {
  return new Failure("telemetry.collector", `Cannot send traces to "${url}": ${seen}`, {
    hint: "Check `telemetry.otlp` in the config; no backup depends on it.",
    cause,
  });
}
