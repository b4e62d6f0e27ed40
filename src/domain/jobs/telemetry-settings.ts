import type { Secret } from "../secret.ts";

/** Where traces of runs go. */
export interface TelemetrySettings {
  /** Of the collector, without "/v1/traces". */
  readonly url: string;
  readonly headers: readonly { readonly name: string; readonly value: Secret }[];
}
