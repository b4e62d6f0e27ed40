import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createCapsules } from "../../src/capsule/zip-capsules.ts";
import { openCatalog } from "../../src/catalog/open-catalog.ts";
import { createLocalDestination } from "../../src/destinations/local/local-destination.ts";
import type { CapsuleJob, ChecksumsJob, CommandJob, Job, PostgresJob } from "../../src/domain/jobs/job.ts";
import { neverProven } from "../../src/domain/jobs/prove-settings.ts";
import type { PostgresSource } from "../../src/domain/jobs/source.ts";
import { scheduleOfJob } from "../../src/domain/slots/schedule.ts";
import { createEncryption } from "../../src/encryption/create-encryption.ts";
import type { Context } from "../../src/operations/context.ts";
import { type Clock, createSystemClock } from "../../src/platform/clock.ts";
import { createSystemHost } from "../../src/platform/host.ts";
import { createSilentLog } from "../../src/platform/log.ts";
import { createRunId, systemRandom } from "../../src/platform/run-id.ts";
import { createPostgres } from "../../src/postgres/create-postgres.ts";
import { createSignatures } from "../../src/signatures/create-signatures.ts";
import { noRule } from "./keep-policy.ts";
import { plainTraits } from "./plain-traits.ts";

export interface RealContextOptions {
  /** A directory of the test's own: state in `state/`, destinations in folders of their names. */
  readonly home: string;
  readonly jobs: readonly Job[];
  readonly destinations: readonly string[];
  /** Beside PATH and HOME, for the client programs. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
}

/** An operations' context over the real rooms, as wiring builds it, in a directory of the test's own. */
export function createRealContext(options: RealContextOptions): Context {
  const clock = options.clock ?? createSystemClock();
  const host = createSystemHost();
  const log = createSilentLog();
  const randomToken = (length: number) => randomBytes(length).toString("hex").slice(0, length);
  const env = { PATH: process.env.PATH ?? "", HOME: options.home, LANG: "C", ...options.env };
  const statePath = join(options.home, "state");
  const rights = { owner: null, fileMode: 0o600, directoryMode: 0o700, traits: plainTraits };
  const deps = { clock, log, host, randomToken, tool: "codex-backup 0.0.0" };
  const destinations = options.destinations.map((name) =>
    createLocalDestination({ name, path: join(options.home, name), ...rights }, deps),
  );
  return {
    version: "0.0.0",
    statePath,
    jobs: options.jobs,
    destinations: new Map(destinations.map((destination) => [destination.name, destination])),
    postgres: createPostgres({ clock, log, env, newToken: () => randomToken(16) }),
    capsules: createCapsules({ threads: 2 }),
    signatures: createSignatures({ directory: join(statePath, "keys"), trusted: [] }),
    encryption: createEncryption(),
    catalog: openCatalog(join(statePath, "catalog.db")),
    clock,
    host,
    log,
    alerts: null,
    configFile: { copy: null, read: async () => Buffer.from("jobs: {}\n") },
    onProgress: () => undefined,
    scheduleOf: scheduleOfJob,
    reading: { budgetBytes: null, withinMs: null, schedule: null, timezone: "UTC" },
    childEnv: env,
    openRunLog: () => ({ log, close: () => undefined }),
    newRunId: () => createRunId(clock.now(), systemRandom),
    randomToken,
  };
}

const basis = {
  schedule: null,
  timezone: "UTC",
  timeoutMs: 120_000,
  maxAgeMs: null,
  graceMs: null,
  due: { catchUp: "once", blackout: [], jitterMs: 0 },
  requiredCopies: 1,
  spoolBytes: 64 * 1024 * 1024,
  owner: null,
  fileMode: 0o600,
  labels: {},
  stallMs: 60_000,
  keep: { ...noRule, minimum: 3 },
  keepAt: {},
  prove: neverProven,
  rtoMs: null,
  encrypt: null,
  set: null,
} as const;

/** A database job with every default; `source` says where. */
export function postgresJob(source: PostgresSource, given: Partial<PostgresJob> = {}): PostgresJob {
  return {
    ...basis,
    kind: "postgres",
    name: "database",
    source,
    databases: { kind: "named", names: ["codexdb"] },
    to: ["backups"],
    nameTemplate: "{database}_{date}",
    format: "sql",
    compress: "none",
    fingerprint: "stream",
    assertions: [],
    references: [],
    lockWaitMs: 5000,
    onBlockedDdl: "wait",
    ...given,
  };
}

/** A directory job with every default. */
export function capsuleJob(root: string, given: Partial<CapsuleJob> = {}): CapsuleJob {
  const source = { root, include: [], exclude: [] };
  return {
    ...basis,
    kind: "capsule",
    name: "capsule",
    to: ["replays"],
    nameTemplate: "{job}_{timestamp}",
    source,
    ...given,
  };
}

/** A command job with every default. */
export function commandJob(argv: readonly string[], given: Partial<CommandJob> = {}): CommandJob {
  return { ...basis, kind: "command", name: "script", argv, cwd: null, env: {}, ...given };
}

/** The nightly checksums of a destination. */
export function checksumsJob(destination: string, given: Partial<ChecksumsJob> = {}): ChecksumsJob {
  return { ...basis, kind: "checksums", name: "checksums", destination, ...given };
}

/** A server on this machine, over its socket. */
export function localSource(server: {
  readonly socketDirectory: string;
  readonly port: number;
  readonly user: string;
}): PostgresSource {
  const { socketDirectory, port, user } = server;
  return {
    transport: { kind: "local" },
    host: socketDirectory,
    port,
    user,
    password: null,
    parameters: {},
    clientDirectory: null,
  };
}
