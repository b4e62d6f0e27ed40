import { Failure } from "../../domain/failure.ts";
import type { RunningJob } from "../../scheduler/scheduler.ts";
import { findRunning } from "../find-running.ts";
import { json, type Route, route } from "../route.ts";
import type { RouteParts } from "../route-parts.ts";
import { backgroundWork, documentOf, jobName, runId, z } from "../schema.ts";

export function changeRoutes(parts: RouteParts): readonly Route[] {
  return [startRun(parts), cancelRun(parts), prune(parts), showOperation(parts)];
}

/** A queue may be long: nobody should have to hold a connection for it. */
const patienceMs = 10_000;

function startRun(parts: RouteParts): Route {
  const started = z.strictObject({
    job: z.string(),
    runId: z.string().nullable().describe("Null while it waits for its turn: see /api/v1/runs"),
  });
  return route({
    method: "post",
    path: "/api/v1/runs",
    summary: "Runs a job now, through the scheduler's queue",
    access: "operate",
    body: z.strictObject({ job: jobName }),
    answers: { 202: { description: "Started, or next in the queue", schema: documentOf({ run: started }) } },
    change: ({ body: { job } }) => ({ action: "run", target: job }),
    async answer({ body: { job } }) {
      const running = await beforeLong(parts, parts.scheduler.request(job));
      return json({ schemaVersion: 1, run: { job, runId: running?.runId ?? null } }, 202);
    },
  });
}

/** Null when it takes longer; what becomes of it then stands in the list of runs. */
async function beforeLong(
  { clock, log }: RouteParts,
  request: Promise<RunningJob>,
): Promise<RunningJob | null> {
  const late = Promise.withResolvers<null>();
  const stop = clock.after(patienceMs, () => late.resolve(null));
  request.catch((err: unknown) => log.debug({ err }, "a run that was asked for did not start"));
  try {
    return await Promise.race([request, late.promise]);
  } finally {
    stop();
  }
}

function cancelRun({ scheduler, operations }: RouteParts): Route {
  return route({
    method: "post",
    path: "/api/v1/runs/{id}/cancel",
    summary: "Asks a run of this scheduler to end in order",
    access: "operate",
    params: z.strictObject({ id: runId }),
    answers: { 202: { description: "Asked", schema: documentOf({ cancelled: z.string() }) } },
    change: ({ params: { id } }) => ({ action: "cancel", target: id }),
    async answer({ params: { id } }) {
      const row = await operations.findRun({ runId: id, job: null }).catch(withoutRow);
      const hasEnded = row !== null && row.finishedAt !== null;
      const running = findRunning(scheduler, id, hasEnded ? null : row);
      if (running && scheduler.cancel(running.job)) return json({ schemaVersion: 1, cancelled: id }, 202);
      throw new Failure("http.not-found", `Cannot cancel ${id}: this scheduler does not run it`, {
        hint: "See what runs: GET /api/v1/runs.",
      });
    },
  });
}

/** A run that has just begun has no row yet; whatever else went wrong is not "not found". */
function withoutRow(thrown: unknown): null {
  if (thrown instanceof Failure && thrown.code === "usage.unknown-run") return null;
  throw thrown;
}

function prune({ operations, background }: RouteParts): Route {
  const verdicts = z.array(z.looseObject({ job: z.string(), verdict: z.enum(["keep", "remove"]) }));
  return route({
    method: "post",
    path: "/api/v1/prune",
    summary: "What retention would remove; removes it with dryRun false",
    access: "admin",
    body: z.strictObject({
      jobs: z.array(jobName).max(100).default([]),
      dryRun: z.boolean().default(true),
      yes: z.boolean().default(false).describe("Go on also when more than half would go at once"),
    }),
    answers: {
      200: { description: "The verdicts of a dry run", schema: documentOf({ verdicts }) },
      202: {
        description: "Begun; its verdicts: /api/v1/operations/{id}",
        schema: documentOf({ operation: backgroundWork }),
      },
    },
    change: ({ body: { jobs, dryRun } }) => ({
      action: dryRun ? "prune (dry run)" : "prune",
      target: jobs.join(", ") || "all jobs",
    }),
    async answer({ body: { jobs, dryRun, yes } }) {
      const work = (signal: AbortSignal) => operations.prune({ jobs, dryRun, yes, signal });
      if (dryRun) return json({ schemaVersion: 1, verdicts: await work(new AbortController().signal) });
      const target = jobs.join(", ") || "all jobs";
      const { operation, ended } = background.start({ kind: "prune", target, work });
      return { ...json({ schemaVersion: 1, operation }, 202), ended };
    },
  });
}

function showOperation({ background }: RouteParts): Route {
  return route({
    method: "get",
    path: "/api/v1/operations/{id}",
    summary: "How far a verify, prove or prune is, and what it found",
    access: "read",
    params: z.strictObject({
      id: z.string().regex(/^[a-z0-9]{16}$/, { error: () => "no id of an operation" }),
    }),
    answers: { 200: { description: "The operation", schema: documentOf({ operation: backgroundWork }) } },
    async answer({ params: { id } }) {
      const operation = background.find(id);
      if (operation !== null) return json({ schemaVersion: 1, operation });
      throw new Failure("http.not-found", `Cannot find operation ${id}: this server has none of this id`, {
        hint: "Only the newest hundred are remembered, until the server ends.",
      });
    },
  });
}
