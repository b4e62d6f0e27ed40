import type { Command } from "commander";
import { formatInstant, type Instant } from "../../domain/instant.ts";
import type { Job } from "../../domain/jobs/job.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import { describeSchedule, nextSlot, parseCron, type Schedule } from "../../domain/slots/schedule.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderColumns } from "../render/columns.ts";
import { describeMoment, describeUpcoming } from "../render/moment.ts";
import { loadConfig, type Session } from "../session.ts";
import { countOf } from "../values.ts";
import { registerImport } from "./schedule-import.ts";
import { registerInstall } from "./schedule-install.ts";

interface PlannedJob {
  readonly job: string;
  /** In words with the zone; null: only by hand. */
  readonly schedule: string | null;
  readonly timezone: string;
  readonly slots: readonly Instant[];
}

/** One of them as it is shown to people. */
interface ShownJob extends PlannedJob {
  /** The config's times in words, where what is installed starts the job at others. */
  readonly configured: string | null;
}

export function registerSchedule(parent: Command, bind: Bind): void {
  const command = parent
    .command("schedule")
    .description("When each job is due next, in plain words and with its zone.")
    .option("--next <n>", "so many slots of each job", countOf("--next"), 1);
  addExamples(command, [["codex-backup schedule --next 5", "the next five slots of each job"]]);
  bind<{ readonly next: number }>(
    command,
    (_words, { next }) =>
      (session) =>
        showSchedule(session, next),
  );
  registerInstall(command, bind);
  registerImport(command, bind);
}

async function showSchedule(session: Session, count: number): Promise<ExitStatus> {
  const { screen, tool } = session;
  const config = await loadConfig(session, { secrets: "closed" });
  const now = tool.now();
  const planned = await Promise.all(
    config.jobs.map(async (job) => plan(job, { due: await tool.scheduleOf(config, job), now, count })),
  );
  screen.document({
    jobs: planned.map(({ configured, ...job }) => ({ ...job, slots: job.slots.map(formatInstant) })),
  });
  screen.print(planned.map((job) => renderPlanned(job, now)).join("\n"));
  return 0;
}

interface Plan {
  /** Null: only by hand. */
  readonly due: Schedule | null;
  readonly now: Instant;
  readonly count: number;
}

function plan({ name, schedule, timezone }: Job, { due, now, count }: Plan): ShownJob {
  if (schedule === null || due === null)
    return { job: name, schedule: null, timezone, slots: [], configured: null };
  const slots: Instant[] = [];
  let slot = nextSlot(due, now);
  while (slot !== null && slots.length < count) {
    slots.push(slot);
    slot = nextSlot(due, slot);
  }
  const isConfigured = due.cron === schedule && due.timezone === timezone;
  const configured = isConfigured ? null : describeSchedule(parseCron(schedule, timezone));
  return { job: name, schedule: describeSchedule(due), timezone: due.timezone, slots, configured };
}

function renderPlanned({ job, schedule, timezone, slots, configured }: ShownJob, now: Instant): string {
  const rows = slots.map((slot) => [
    "",
    describeUpcoming(slot, now, timezone),
    `${describeMoment(slot, timezone)} ${timezone}`,
  ]);
  const differs = configured === null ? "" : `, as it is installed; the config says: ${configured}`;
  return [
    `${job}: ${schedule ?? "only by hand"}${differs}`,
    ...(rows.length > 0 ? [renderColumns(rows)] : []),
  ].join("\n");
}
