import { randomUUID } from "node:crypto";
import type { PostgresSource } from "../../src/domain/jobs/source.ts";
import { Secret } from "../../src/domain/secret.ts";
import { type Clock, createSystemClock } from "../../src/platform/clock.ts";
import { createSilentLog } from "../../src/platform/log.ts";
import { createPostgres } from "../../src/postgres/create-postgres.ts";
import type { DumpLimits, Postgres } from "../../src/postgres/postgres.ts";
import type { PostgresTestServer } from "../servers/postgres.ts";

export interface PostgresParts {
  readonly clock?: Clock;
  readonly env?: Readonly<Record<string, string>>;
}

/** The real room, with a real clock unless another one is given. */
export function postgresRoom(parts: PostgresParts = {}): Postgres {
  return createPostgres({
    clock: parts.clock ?? createSystemClock(),
    log: createSilentLog(),
    env: parts.env ?? { PATH: process.env.PATH ?? "/usr/bin:/bin", HOME: "/nonexistent" },
    newToken: () => randomUUID().replaceAll("-", ""),
  });
}

/** A source that means this test server, as its own superuser. */
export function sourceOf(server: PostgresTestServer, other: Partial<PostgresSource> = {}): PostgresSource {
  return {
    transport: { kind: "local" },
    host: server.socketDirectory,
    port: server.port,
    user: server.user,
    password: server.password === null ? null : new Secret(server.password),
    parameters: {},
    clientDirectory: null,
    ...other,
  };
}

export const limits: DumpLimits = { lockWaitMs: 5000, onBlockedDdl: "wait" };

/** A signal that nobody raises. */
export function quiet(): AbortSignal {
  return new AbortController().signal;
}
