import type { Command } from "commander";
import { formatInstant, type Instant } from "../../domain/instant.ts";
import type { Job } from "../../domain/job.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import { describeSchedule, nextSlot, parseCron } from "../../domain/schedule.ts";
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
  const planned = config.jobs.map((job) => plan(job, now, count));
  screen.document({ jobs: planned.map((job) => ({ ...job, slots: job.slots.map(formatInstant) })) });
  screen.print(planned.map((job) => renderPlanned(job, now)).join("\n"));
  return 0;
}

function plan({ name, schedule, timezone }: Job, now: Instant, count: number): PlannedJob {
  if (schedule === null) return { job: name, schedule: null, timezone, slots: [] };
  const parsed = parseCron(schedule, timezone);
  const slots: Instant[] = [];
  let slot = nextSlot(parsed, now);
  while (slot !== null && slots.length < count) {
    slots.push(slot);
    slot = nextSlot(parsed, slot);
  }
  return { job: name, schedule: describeSchedule(parsed), timezone, slots };
}

function renderPlanned({ job, schedule, timezone, slots }: PlannedJob, now: Instant): string {
  const rows = slots.map((slot) => [
    "",
    describeUpcoming(slot, now, timezone),
    `${describeMoment(slot, timezone)} ${timezone}`,
  ]);
  return [`${job}: ${schedule ?? "only by hand"}`, ...(rows.length > 0 ? [renderColumns(rows)] : [])].join(
    "\n",
  );
}
