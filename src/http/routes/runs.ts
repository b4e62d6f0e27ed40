import { Failure } from "../../domain/failure.ts";
import { formatInstant, type Instant } from "../../domain/instant.ts";
import type { RunEvent } from "../../domain/runs/run-event.ts";
import type { Operations } from "../../operations/operation.ts";
import { openEventStream } from "../event-stream.ts";
import { findRunning } from "../find-running.ts";
import { type Caller, json, type Route, route } from "../route.ts";
import type { RouteParts } from "../route-parts.ts";
import { documentOf, jobName, limit, run, runId, z } from "../schema.ts";

type Run = Awaited<ReturnType<Operations["findRun"]>>;

const oneRun = z.strictObject({ id: runId });
const eventText = "text/event-stream";
const eventAnswers = {
  200: { description: "Events: started, progress, ended", schema: z.string(), type: eventText },
};

export function runRoutes(parts: RouteParts): readonly Route[] {
  return [listRuns(parts), showRun(parts), showLog(parts), runEvents(parts), allEvents(parts)];
}

function listRuns({ operations }: RouteParts): Route {
  return route({
    method: "get",
    path: "/api/v1/runs",
    summary: "Runs, last started first, page by page",
    access: "read",
    query: z.strictObject({
      job: jobName.optional(),
      limit,
      after: runId.optional().describe("`next` of the page before"),
    }),
    answers: {
      200: {
        description: "A page; `next` is null on the last one",
        schema: documentOf({ runs: z.array(run), next: z.string().nullable() }),
      },
    },
    async answer({ query: { job = null, limit: most, after = null } }) {
      const runs = await operations.listRuns({ job, limit: most, after });
      const next = runs.length < most ? null : (runs.at(-1)?.runId ?? null);
      return json({ schemaVersion: 1, runs: runs.map(described), next });
    },
  });
}

function showRun(parts: RouteParts): Route {
  return route({
    method: "get",
    path: "/api/v1/runs/{id}",
    summary: "One run",
    access: "read",
    params: oneRun,
    answers: { 200: { description: "The run", schema: documentOf({ run }) } },
    async answer({ params: { id } }) {
      const row = await findOrRunning(parts, id);
      return json({ schemaVersion: 1, run: row === null ? begun(parts, id) : described(row) });
    },
  });
}

function showLog({ operations, runLogs }: RouteParts): Route {
  return route({
    method: "get",
    path: "/api/v1/runs/{id}/log",
    summary: "The run's log from a byte on, as it was written",
    access: "read",
    params: oneRun,
    query: z.strictObject({ from: z.coerce.number().int().min(0).default(0) }),
    answers: {
      200: {
        description: "Whole lines, and where the next page begins",
        schema: documentOf({ lines: z.array(z.unknown()), next: z.number() }),
      },
    },
    async answer({ params: { id }, query: { from } }) {
      await operations.findRun({ runId: id, job: null });
      const page = await runLogs.read(id, from);
      if (page !== null)
        return json({ schemaVersion: 1, lines: page.lines.map(lineOf), next: page.nextByte });
      throw new Failure("http.not-found", `Cannot show the log of ${id}: its file is gone`, {
        hint: `What the catalog knows of it: GET /api/v1/runs/${id}.`,
      });
    },
  });
}

function runEvents(parts: RouteParts): Route {
  return route({
    method: "get",
    path: "/api/v1/runs/{id}/events",
    summary: "What a run does, as server-sent events, until it ends",
    access: "read",
    params: oneRun,
    answers: eventAnswers,
    async answer({ params: { id }, caller }) {
      const isWanted = (event: RunEvent) => event.runId === id || isEndOf(event, id);
      // Asked at each beat: nobody tells here of the end of a run that another process makes.
      const isStillWelcome = async () => (await caller.isStillWelcome()) && (await isGoing(parts, id));
      // Heard from before the look on: a run that ends in between would be waited for for ever.
      const { stream, end } = open(
        parts,
        { ...caller, isStillWelcome },
        { isWanted, isLast: ({ kind }) => kind === "ended" },
      );
      try {
        const row = await findOrRunning(parts, id);
        if (row !== null && row.finishedAt !== null) end();
      } catch (error) {
        end();
        throw error;
      }
      return { kind: "stream", stream, type: eventText };
    },
  });
}

function allEvents(parts: RouteParts): Route {
  return route({
    method: "get",
    path: "/api/v1/events",
    summary: "What every run does, as server-sent events",
    access: "read",
    answers: eventAnswers,
    async answer({ caller }) {
      const { stream } = open(parts, caller, { isWanted: () => true, isLast: () => false });
      return { kind: "stream", stream, type: eventText };
    },
  });
}

interface Choice {
  readonly isWanted: (event: RunEvent) => boolean;
  readonly isLast: (event: RunEvent) => boolean;
}

function open({ clock, scheduler, streams, hide }: RouteParts, caller: Caller, choice: Choice) {
  const listen = (hear: (event: RunEvent) => void) => scheduler.listen(hear);
  return streams.open((onEnd) => openEventStream({ clock, caller, listen, hide, onEnd, ...choice }));
}

/** Null for a run that was just started and has no row yet. Throws as findRun does. */
async function findOrRunning({ operations, scheduler }: RouteParts, id: string): Promise<Run | null> {
  const isRunning = scheduler.running().some((one) => one.runId === id);
  return operations.findRun({ runId: id, job: null }).catch((error: unknown) => {
    if (isRunning) return null;
    throw error;
  });
}

/** A job of several databases ends once, and reports of all its runs. */
function isEndOf(event: RunEvent, id: string): boolean {
  return event.kind === "ended" && event.reports.some(({ runId: one }) => one === id);
}

/** Also while this scheduler has still to tell of the end. */
async function isGoing(parts: RouteParts, id: string): Promise<boolean> {
  const row = await findOrRunning(parts, id);
  return row === null || row.finishedAt === null || findRunning(parts.scheduler, id, row) !== null;
}

/** What is known before the run has written its row. */
function begun({ scheduler, clock }: RouteParts, id: string): z.output<typeof run> {
  const running = scheduler.running().find((one) => one.runId === id);
  return {
    runId: id,
    job: running?.job ?? "",
    database: null,
    slot: timeOf(running?.slot ?? null),
    startedAt: formatInstant(running?.startedAt ?? clock.now()),
    finishedAt: null,
    outcome: null,
    backupId: null,
    failure: null,
    warnings: [],
    summary: "",
  };
}

/** As the catalog has it, without what is about processes. */
function described(row: Run): z.output<typeof run> {
  const { runId: id, job, database, outcome, backupId, failure, warnings, summary } = row;
  return {
    runId: id,
    job,
    database,
    slot: timeOf(row.slot),
    startedAt: formatInstant(row.startedAt),
    finishedAt: timeOf(row.finishedAt),
    outcome,
    backupId,
    failure: failure === null ? null : { ...failure },
    warnings: [...warnings],
    summary,
  };
}

function timeOf(at: Instant | null): string | null {
  return at === null ? null : formatInstant(at);
}

/** A line that was cut by a crash stays a text. */
function lineOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}
