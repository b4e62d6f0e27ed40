/** One sign of life for a watcher outside this machine. It holds no secret. */
export interface Ping {
  readonly job: string;
  readonly kind: "start" | "success" | "fail";
  /** Lets the other side match the start and the end of one run. */
  readonly runId: string;
  /** Plain text for a person: outcome and reason. */
  readonly body: string;
}
