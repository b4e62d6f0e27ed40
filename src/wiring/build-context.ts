import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../catalog/catalog.ts";
import { openCatalog } from "../catalog/open-catalog.ts";
import { openSoundCatalog } from "../catalog/open-sound-catalog.ts";
import type { LogEntry, Needs } from "../cli/cli.ts";
import type { Config } from "../config/config.ts";
import { Failure, messageOf } from "../domain/failure.ts";
import { createEncryption } from "../encryption/create-encryption.ts";
import type { Context, RunLog } from "../operations/context.ts";
import type { Clock } from "../platform/clock.ts";
import { createSystemHost } from "../platform/host.ts";
import { createLog } from "../platform/log.ts";
import { createRunId, systemRandom } from "../platform/run-id.ts";
import { createRunLogFile, removeSurplusRunLogs } from "../platform/run-log.ts";
import { createSignatures } from "../signatures/create-signatures.ts";
import { ownAccount } from "./account.ts";
import { alertsPart } from "./alerts-part.ts";
import { buildDestinations } from "./build-destinations.ts";
import { childEnvironment } from "./child-environment.ts";
import { installedSchedules } from "./installed-schedules.ts";
import { lazyCapsules } from "./lazy-capsules.ts";
import { lazyPostgres } from "./lazy-postgres.ts";
import { randomToken } from "./random-token.ts";
import { toolVersion } from "./version.ts";

export interface ContextParts {
  readonly config: Config;
  readonly needs: Needs;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For a person who waits: what does not answer is asked once. Default: false. */
  readonly isImpatient?: boolean;
  /** One that is open already, in place of the state directory's. */
  readonly catalog?: Catalog;
}

export interface BuiltContext extends Context {
  /** Where a damaged catalog was moved to; null when there was none. */
  readonly setAside: string | null;
  /** The catalog, and every connection to a destination: none of them may keep the process alive. */
  close(): Promise<void>;
}

/** So many logs of runs are kept, if age and size allow. */
const maxRunLogs = 20_000;

/** Everything the operations may use, for one command. The caller closes it. */
export function buildContext({
  config,
  needs,
  clock,
  env,
  catalog: opened,
  isImpatient = false,
}: ContextParts): BuiltContext {
  const { statePath, jobs, secrets } = config;
  const screen = { write: (line: string) => needs.onLog(entryOf(line)) };
  const log = createLog({ level: needs.logLevel, streams: [screen], secrets: () => secrets });
  const host = createSystemHost();
  const childEnv = childEnvironment(env, ownAccount());
  const shared = { clock, log, host, version: toolVersion() };
  const { catalog, setAside } = opened
    ? { catalog: opened, setAside: null }
    : openOwnCatalog(join(statePath, "catalog.db"), needs, clock);
  const deps = { ...shared, randomToken, childEnv, isImpatient, tool: `codex-backup ${shared.version}` };
  const destinations = buildDestinations(config, deps);
  return {
    setAside,
    async close() {
      await Promise.allSettled([...destinations.values()].map((one) => one.close())); // what was done is done
      catalog.close();
    },
    ...shared,
    statePath,
    jobs,
    destinations,
    postgres: lazyPostgres({ clock, log, env: childEnv, newToken: () => randomToken(24) }),
    capsules: lazyCapsules({ threads: Math.min(8, availableParallelism()) }),
    signatures: createSignatures({ directory: join(statePath, "keys"), trusted: config.trustedKeys }),
    encryption: createEncryption(),
    catalog,
    alerts: alertsPart({ config, catalog, clock, log, host, childEnv }),
    configFile: { copy: config.configCopy, read: () => readOwnConfig(config.path) },
    onProgress: needs.onProgress,
    scheduleOf: installedSchedules(config, clock),
    reading: config.reading,
    childEnv,
    openRunLog: (runId) => openRunLog(join(statePath, "logs"), runId, { config, needs }),
    newRunId: () => createRunId(clock.now(), systemRandom),
    randomToken,
  };
}

async function readOwnConfig(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new Failure("config.unreadable", `Cannot read "${path}": ${messageOf(error)}`, {
      hint: "See whether the file is still there and may be read by this user.",
    });
  }
}

function openOwnCatalog(path: string, { mendsCatalog }: Needs, clock: Clock) {
  return mendsCatalog ? openSoundCatalog(path, clock.now()) : { catalog: openCatalog(path), setAside: null };
}

/** The run's own file takes everything; the screen only what was asked for with -v. */
function openRunLog(
  directory: string,
  runId: string,
  { config, needs }: Pick<ContextParts, "config" | "needs">,
): RunLog {
  const file = createRunLogFile(directory, runId);
  const { maxAgeMs, maxBytes } = config.logs;
  removeSurplusRunLogs(directory, { maxFiles: maxRunLogs, maxBytes, maxAgeMs });
  const screen = { write: (line: string) => needs.onLog(entryOf(line)) };
  const streams = needs.logLevel === "debug" ? [file, screen] : [file];
  return { log: createLog({ level: "debug", streams, secrets: () => config.secrets }), close: file.close };
}

/** From a line that our own log has just written. */
function entryOf(line: string): LogEntry {
  const { time, level, msg, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>; // one JSON object a line
  return { time: String(time), level: String(level), message: typeof msg === "string" ? msg : "", fields };
}
