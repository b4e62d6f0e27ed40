import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Scope } from "../../src/domain/access/access-token.ts";
import type { HttpSettings } from "../../src/domain/access/http-settings.ts";
import { Failure } from "../../src/domain/failure.ts";
import { instant } from "../../src/domain/instant.ts";
import type { RunEvent } from "../../src/domain/runs/run-event.ts";
import { Secret } from "../../src/domain/secret.ts";
import { scheduleOfJob } from "../../src/domain/slots/schedule.ts";
import { type App, createApp } from "../../src/http/create-app.ts";
import type { HttpParts } from "../../src/http/http.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import { createSilentLog } from "../../src/platform/log.ts";
import type { RunningJob, Scheduler } from "../../src/scheduler/scheduler.ts";
import { createAuditFile } from "../../src/wiring/audit-file.ts";
import { createTokenFile } from "../../src/wiring/token-file.ts";
import { createTokenSource } from "../../src/wiring/token-source.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { createDrivenClock, type DrivenClock } from "./driven-clock.ts";
import { backUp, type MemoryScene, openMemoryScene } from "./memory-scene.ts";

/** The app over real operations in memory, real files of tokens and audit, and a scheduler that only remembers. */
export interface HttpScene {
  readonly memory: MemoryScene;
  readonly backupId: string;
  readonly parts: HttpParts;
  readonly app: App;
  readonly clock: DrivenClock;
  readonly tokens: Readonly<Record<Scope, string>>;
  readonly tokenPath: string;
  /** Jobs that were asked for. */
  readonly requested: string[];
  readonly cancelled: string[];
  /** How often a connection was cut. */
  readonly dropped: () => number;
  emit(event: RunEvent): void;
  listeners(): number;
  audit(): readonly Readonly<Record<string, unknown>>[];
  call(path: string, options?: CallOptions): Promise<Reply>;
}

export interface CallOptions {
  readonly method?: string;
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly address?: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: documents are compared by single fields
  readonly json: () => any;
}

/** What no answer may ever hold. */
export const canary = "hunter2-canary-secret";

const localSettings: HttpSettings = {
  listen: { kind: "tcp", host: "127.0.0.1", port: 7420 },
  tokenFile: "",
  allowedHosts: [],
  isMetricsOpen: false,
};

export async function openHttpScene(change: Partial<HttpSettings> = {}): Promise<HttpScene> {
  const memory = await openMemoryScene();
  const [backupId] = await backUp(memory);
  const { context } = memory;
  const home = temporaryDirectory("http");
  const tokenPath = join(home, "tokens");
  const clock = createDrivenClock(context.clock.now());
  const file = createTokenFile({ path: tokenPath, statePath: home, clock, host: context.host });
  const tokens = {
    read: await file.create({ name: "reader", scope: "read" }),
    operate: await file.create({ name: "operator", scope: "operate" }),
    admin: await file.create({ name: "admin", scope: "admin" }),
  };
  const settings = { ...localSettings, tokenFile: tokenPath, ...change };
  const { scheduler, requested, cancelled, heard } = rememberingScheduler();
  const auditPath = join(home, "audit.log");
  const log = createSilentLog();
  const parts: HttpParts = {
    version: "0.0.0",
    settings,
    jobs: context.jobs,
    operations: createOperations(context),
    scheduler,
    runLogs: { read: async () => ({ lines: ['{"msg":"began"}', "cut by a cra"], nextByte: 27 }) },
    tokens: createTokenSource({ path: settings.tokenFile, clock, log }),
    audit: createAuditFile(auditPath),
    clock,
    log,
    secrets: () => [new Secret(canary)],
    scheduleOf: scheduleOfJob,
    schedulerTrouble: () => null,
    randomToken: context.randomToken,
  };
  const app = createApp(parts);
  let dropped = 0;
  const drop = () => {
    dropped += 1;
  };
  return {
    memory,
    backupId,
    parts,
    app,
    clock,
    tokens,
    tokenPath,
    requested,
    cancelled,
    dropped: () => dropped,
    emit: (event) => {
      for (const hear of [...heard]) hear(event);
    },
    listeners: () => heard.size,
    audit: () => linesOf(auditPath),
    async call(
      path,
      { method = "GET", token = tokens.read, headers = {}, body, address = "127.0.0.1" } = {},
    ) {
      const given = new Headers({ host: "127.0.0.1:7420", ...headers });
      if (token !== null) given.set("authorization", `Bearer ${token}`);
      if (body !== undefined && !given.has("content-type")) given.set("content-type", "application/json");
      const request = new Request(`http://127.0.0.1:7420${path}`, {
        method,
        headers: given,
        ...(body !== undefined && { body }),
      });
      const peer = { address, drop };
      const response = await app.fetch(request, peer);
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
    },
  };
}

function linesOf(path: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = readFileSync(path, { encoding: "utf8", flag: "a+" }).split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}

const running: RunningJob = {
  job: "capsule",
  runId: "20261123T010000Z-ab12cd",
  slot: null,
  startedAt: instant(0),
  progress: null,
};

function rememberingScheduler() {
  const requested: string[] = [];
  const cancelled: string[] = [];
  const heard = new Set<(event: RunEvent) => void>();
  const scheduler: Scheduler = {
    work: async () => undefined,
    async request(job) {
      if (job !== "capsule")
        throw new Failure("usage.unknown-job", `Cannot find job "${job}": the config has "capsule"`);
      if (requested.includes(job)) throw new Failure("run.busy", `Cannot run "${job}": it runs already`);
      requested.push(job);
      return running;
    },
    running: () => [running],
    listen(hear) {
      heard.add(hear);
      return () => void heard.delete(hear);
    },
    cancel(job) {
      cancelled.push(job);
      return true;
    },
  };
  return { scheduler, requested, cancelled, heard };
}
