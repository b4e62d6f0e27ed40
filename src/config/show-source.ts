import type { PostgresSource, Transport } from "../domain/jobs/source.ts";
import { sslKeys } from "./schema/postgres.ts";
import type { ShowSecret } from "./show-alerts.ts";

type Yaml = Readonly<Record<string, unknown>>;

/** A server as the config writes it, without its databases; keys without a value are null. */
export function sourceOf(source: PostgresSource, show: ShowSecret): Yaml {
  const isSocket = source.host?.startsWith("/") ?? false;
  const ssl = sslKeys.map((key) => [key, source.parameters[key]]);
  const further = Object.entries(source.parameters).filter(
    ([key]) => !sslKeys.some((known) => known === key),
  );
  return {
    ...transportOf(source.transport),
    ...(isSocket ? { socket: source.host } : { host: source.host }),
    port: source.port,
    user: source.user,
    password: source.password && show(source.password),
    ...Object.fromEntries(ssl),
    parameters: further.length > 0 ? Object.fromEntries(further) : null,
    clientDirectory: source.clientDirectory,
  };
}

function transportOf(transport: Transport): Yaml {
  switch (transport.kind) {
    case "local":
      return {};
    case "ssh":
      return { ssh: { host: transport.host, args: transport.args } };
    case "container": {
      const { by: _by, ...select } = transport.select;
      const chosen = transport.select.by === "compose" ? { compose: select } : select;
      return { container: { engine: transport.engine, ...chosen } };
    }
    default:
      return transport satisfies never;
  }
}
