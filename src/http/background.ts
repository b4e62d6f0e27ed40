import { Failure, type FailureReport, reportOf } from "../domain/failure.ts";
import { formatInstant } from "../domain/instant.ts";
import type { HttpParts } from "./http.ts";

/** Work that takes longer than a request should. Nothing of it survives the server. */
export interface Background {
  /** Starts it; throws "run.busy" while other work of this kind goes on. */
  start(task: BackgroundTask): Started;
  /** The newest hundred. */
  find(id: string): BackgroundWork | null;
  /** Asks everything to end. */
  stop(reason: Failure): void;
}

export interface BackgroundTask {
  readonly kind: "verify" | "prove" | "prune";
  readonly target: string;
  work(signal: AbortSignal): Promise<readonly object[]>;
}

export interface Started {
  readonly operation: BackgroundWork;
  /** "done", or what went wrong. Never rejects. */
  readonly ended: Promise<string>;
}

export interface BackgroundWork {
  readonly id: string;
  readonly kind: BackgroundTask["kind"];
  readonly target: string;
  readonly state: "running" | "done" | "failed";
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** As the command's --json has it; null until it is done. */
  readonly result: readonly object[] | null;
  readonly failure: FailureReport | null;
}

const remembered = 100;

/** Works on after the answer was sent; remembers what became of the last hundred. Nothing survives the process. */
export function createBackground({
  clock,
  log,
  randomToken,
}: Pick<HttpParts, "clock" | "log" | "randomToken">): Background {
  const all = new Map<string, BackgroundWork>();
  const stopping = new AbortController();
  const keep = (work: BackgroundWork): BackgroundWork => {
    all.set(work.id, work);
    const [oldest] = [...all.values()].filter(({ state }) => state !== "running");
    if (all.size > remembered && oldest) all.delete(oldest.id);
    return work;
  };
  return {
    find: (id) => all.get(id) ?? null,
    stop: (reason) => stopping.abort(reason),
    start({ kind, target, work }) {
      const other = [...all.values()].find((one) => one.state === "running" && one.kind === kind);
      if (other) throw busy(other);
      const startedAt = formatInstant(clock.now());
      const begun: BackgroundWork = {
        id: randomToken(16),
        kind,
        target,
        state: "running",
        startedAt,
        finishedAt: null,
        result: null,
        failure: null,
      };
      const end = (more: Partial<BackgroundWork>, outcome: string): string => {
        keep({ ...begun, finishedAt: formatInstant(clock.now()), ...more });
        return outcome;
      };
      keep(begun);
      const ended = work(stopping.signal).then(
        (result) => end({ state: "done", result }, "done"),
        (thrown: unknown) => {
          const failure = thrown instanceof Failure ? thrown : unforeseen(kind);
          if (failure !== thrown)
            log.error({ err: thrown, kind, target }, "background work failed in a way that nobody foresaw");
          return end({ state: "failed", failure: reportOf(failure) }, `${failure.code}: ${failure.message}`);
        },
      );
      return { operation: begun, ended };
    },
  };
}

function busy({ id, kind, target }: BackgroundWork): Failure {
  return new Failure("run.busy", `Cannot ${kind} now: ${id} is at "${target}"`, {
    hint: `Wait for it: GET /api/v1/operations/${id}.`,
  });
}

function unforeseen(kind: string): Failure {
  return new Failure("run.internal", `Cannot ${kind}: something went wrong that nobody foresaw`, {
    hint: "Look at the log of codex-backup serve.",
  });
}
