import type { ContainerSelector, PostgresSource } from "../../domain/jobs/source.ts";

/** Where a server is, for people: "in container "codex_postgres" (docker)", "at db.lan:5433, seen from backup@host". */
export function describeSource({ transport, host, port }: PostgresSource): string {
  const address = `${host ?? "its usual place"}${port === null ? "" : `:${port}`}`;
  switch (transport.kind) {
    case "local":
      return `at ${address}`;
    case "ssh":
      return `at ${address}, seen from ${transport.host}`;
    case "container":
      return `in ${describeContainer(transport.select)} (${transport.engine})`;
    default:
      return transport satisfies never;
  }
}

function describeContainer(select: ContainerSelector): string {
  return select.by === "name"
    ? `container "${select.name}"`
    : `the container of service "${select.service}" of compose project "${select.project}"`;
}
