import { randomBytes } from "node:crypto";
import { openCatalog } from "../../src/catalog/open-catalog.ts";
import type { Destination } from "../../src/destinations/destination.ts";
import type { Job } from "../../src/domain/jobs/job.ts";
import { scheduleOfJob } from "../../src/domain/slots/schedule.ts";
import { createEncryption } from "../../src/encryption/create-encryption.ts";
import type { Context } from "../../src/operations/context.ts";
import type { Clock } from "../../src/platform/clock.ts";
import { createSilentLog } from "../../src/platform/log.ts";
import { createPostgres } from "../../src/postgres/create-postgres.ts";
import { createSignatures } from "../../src/signatures/create-signatures.ts";
import { createPlainCapsules } from "./plain-capsules.ts";

export interface MemoryContextOptions {
  /** A directory of the test's own, for the locks. */
  readonly statePath: string;
  readonly jobs: readonly Job[];
  readonly destinations: readonly Destination[];
  readonly clock: Clock;
}

/** An operations' context with its catalog in memory. No process but our own is alive. */
export function createMemoryContext(options: MemoryContextOptions): Context {
  const { clock, jobs, statePath, destinations } = options;
  const log = createSilentLog();
  const randomToken = (length: number) => randomBytes(length).toString("hex").slice(0, length);
  return {
    version: "0.0.0",
    statePath,
    jobs,
    destinations: new Map(destinations.map((destination) => [destination.name, destination])),
    postgres: createPostgres({ clock, log, env: {}, newToken: () => randomToken(16) }),
    capsules: createPlainCapsules(Buffer.from("content")),
    signatures: createSignatures({ directory: `${statePath}/keys`, trusted: [] }),
    encryption: createEncryption(),
    catalog: openCatalog(":memory:"),
    clock,
    host: { name: "host", bootId: "boot", pid: 1, isAlive: (pid) => pid === 1 },
    log,
    alerts: null,
    configFile: { copy: null, read: async () => Buffer.from("jobs: {}\n") },
    onProgress: () => undefined,
    scheduleOf: scheduleOfJob,
    reading: { budgetBytes: null, withinMs: null, schedule: null, timezone: "UTC" },
    childEnv: {},
    openRunLog: () => ({ log, close: () => undefined }),
    newRunId: () => `run-${randomToken(6)}`,
    randomToken,
  };
}
