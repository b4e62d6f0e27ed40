import type { PostgresSource } from "../domain/jobs/source.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { type Conninfo, formatConninfo, formatServerOptions } from "./conninfo.ts";
import { applicationName, type Purpose } from "./label.ts";
import type { Reach } from "./reach/reach.ts";

/** What the room is given from outside. */
export interface PostgresDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** The tool's own environment. Of it, nothing that libpq obeys reaches a child. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Unguessable letters and digits, at least 16, new at each call. */
  readonly newToken: () => string;
}

/** How to start a client program against one server. */
export interface Access {
  readonly deps: PostgresDeps;
  readonly reach: Reach;
  readonly source: PostgresSource;
  readonly label: string;
  /** Directory of the client programs with its slash; "": the PATH decides. */
  readonly programs: string;
}

export interface Target {
  readonly database: string;
  readonly purpose: Purpose;
  /** Server settings for this connection. */
  readonly settings: Readonly<Record<string, string>>;
  /** Further libpq keywords. */
  readonly keywords?: Conninfo;
}

/** Values that the operator's `parameters` may replace. */
const defaultKeywords: Conninfo = {
  connect_timeout: "10",
  keepalives: "1",
  keepalives_idle: "30",
  keepalives_interval: "10",
  keepalives_count: "3",
};

/** Everything a connection needs except the password, for `--dbname`. */
export function conninfoOf(access: Pick<Access, "source" | "label">, target: Target): string {
  const { host, port, user, parameters } = access.source;
  const { options = "", ...others } = parameters;
  return formatConninfo({
    ...defaultKeywords,
    ...others,
    ...(host === null ? {} : { host }),
    ...(port === null ? {} : { port: String(port) }),
    ...(user === null ? {} : { user }),
    ...target.keywords,
    dbname: target.database,
    application_name: applicationName(access.label, target.purpose),
    options: `${options} ${formatServerOptions(target.settings)}`.trim(),
  });
}

/** `HOST:PORT`, or what stands for the client's defaults, for messages. */
export function describeServer(access: Pick<Access, "source" | "reach">): string {
  const { host, port } = access.source;
  const address = host === null ? null : `${host}${port === null ? "" : `:${port}`}`;
  const local = port === null ? "the default socket" : `the local server on port ${port}`;
  const there = address ?? local;
  return access.reach.kind === "local" ? there : `${there} in ${access.reach.place}`;
}
