/** Where and for whom `serve` answers requests. */
export interface HttpSettings {
  readonly listen: ListenAddress;
  /** Absolute; null: no tokens, so that nothing can be changed. Never null unless we listen on this host only. */
  readonly tokenFile: string | null;
  /** Names beside those of the address itself; lower case, without a port. */
  readonly allowedHosts: readonly string[];
  readonly isMetricsOpen: boolean;
}

export type ListenAddress =
  /** An IP address; port 0 takes a free one. */
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** True when only this host can reach it. */
export function isLocalAddress(listen: ListenAddress): boolean {
  return listen.kind === "unix" || listen.host === "::1" || listen.host.startsWith("127.");
}

/** "127.0.0.1:7420", "[::1]:7420", "unix:/run/x.sock": as the config writes it. */
export function formatListenAddress(listen: ListenAddress): string {
  if (listen.kind === "unix") return `unix:${listen.path}`;
  return `${listen.host.includes(":") ? `[${listen.host}]` : listen.host}:${listen.port}`;
}
