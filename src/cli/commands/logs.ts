import type { Command } from "commander";
import { formatInstant } from "../../domain/instant.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import type { Operations } from "../../operations/operation.ts";
import type { LogEntry } from "../cli.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderLogEntry } from "../render/log-entry.ts";
import { type Session, type Work, withOperations } from "../session.ts";

interface LogsFlags {
  readonly job?: string | null;
  readonly follow?: boolean;
}

/** Between two looks at a log that is being written. */
const pauseMs = 400;

export function registerLogs(parent: Command, bind: Bind): void {
  const command = parent
    .command("logs")
    .description("The log of one run; without a name, of the newest.")
    .argument("[run]", "id of a run")
    .option("--job <job>", "of the newest run of this job")
    .option("-f, --follow", "go on until the run ends");
  addExamples(command, [
    ["codex-backup logs --job database", "what the newest run did"],
    ["codex-backup logs --job database --follow", "what it is doing"],
  ]);
  bind<LogsFlags>(
    command,
    ([run], flags) =>
      (session) =>
        showLogs(session, run ?? null, flags),
  );
}

function showLogs(
  session: Session,
  asked: string | null,
  { job = null, follow = false }: LogsFlags,
): Promise<ExitStatus> {
  const { screen } = session;
  return withOperations(session, "closed", async (work) => {
    const { runId } = await work.operations.findRun({ runId: asked, job });
    const print = (entries: readonly LogEntry[]) => {
      for (const entry of entries) screen.print(renderLogEntry(entry, screen.paint));
    };
    const entries = follow
      ? await followLog(session, work, { runId, print })
      : await readAll(work, { runId, print });
    const run = describeRun(await work.operations.findRun({ runId, job: null }));
    const untold = await work.operations.untold(runId);
    if (untold.length > 0)
      screen.print(
        [
          "Told on this machine alone, since the job is encrypted:",
          ...untold.map((line) => `  ${line}`),
        ].join("\n"),
      );
    screen.document({ run, entries: entries ?? [], untold });
    if (entries === null)
      screen.complain(`The log of run ${runId} is gone: only what the catalog knows is left: ${run.summary}`);
    return entries === null ? 1 : 0;
  });
}

interface Reading {
  readonly runId: string;
  readonly print: (entries: readonly LogEntry[]) => void;
}

async function readAll({ readLog }: Work, { runId, print }: Reading): Promise<readonly LogEntry[] | null> {
  const entries = await readLog(runId);
  print(entries ?? []);
  return entries;
}

/** The run is looked at before its log: what a run wrote before it ended is then never missed. */
async function followLog(
  { io }: Session,
  work: Work,
  { runId, print }: Reading,
): Promise<readonly LogEntry[] | null> {
  let shown = 0;
  for (;;) {
    const { finishedAt } = await work.operations.findRun({ runId, job: null });
    const entries = await work.readLog(runId);
    print((entries ?? []).slice(shown));
    shown = entries?.length ?? 0;
    if (finishedAt !== null) return entries;
    await work.sleep(pauseMs, io.signal);
  }
}

/** As the other documents have it: times as ISO 8601, nothing about processes. */
function describeRun({ runId, job, database, startedAt, finishedAt, outcome, summary, failure }: Run) {
  const ended = finishedAt === null ? null : formatInstant(finishedAt);
  return {
    runId,
    job,
    database,
    startedAt: formatInstant(startedAt),
    finishedAt: ended,
    outcome,
    summary,
    failure,
  };
}

type Run = Awaited<ReturnType<Operations["findRun"]>>;
