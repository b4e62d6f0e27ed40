/**
 * Telemetry: carries what a run did, and when, to a collector of traces.
 *
 * Owns: OpenTelemetry's form on the wire (OTLP over HTTP, as JSON). Refuses: to decide what a run's steps are
 * (domain), to make a run wait or fail. Words: trace (one run), span (one of its steps), collector.
 * May go to: platform, domain.
 */
import type { FailureCode } from "../domain/failure-table.ts";
import type { RunTrace } from "../domain/runs/run-trace.ts";

/** What this room raises. @public */
export type TelemetryFailureCode = Extract<FailureCode, `telemetry.${string}`>;

export interface TraceExporter {
  /**
   * Sends traces once. Throws "telemetry.collector" when the collector cannot be reached, does not answer within
   * two seconds or refuses them; no message holds a secret.
   */
  send(traces: readonly RunTrace[], signal: AbortSignal): Promise<void>;
}
