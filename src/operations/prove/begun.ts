import type { Instant } from "../../domain/instant.ts";

/** When a proof began, by both clocks. */
export interface Begun {
  readonly at: Instant;
  readonly ms: number;
}
