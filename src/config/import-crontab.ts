import { formOfCrontab, parseCrontab } from "../domain/cron/crontab.ts";
import type { CrontabImport, ImportedLine } from "./config.ts";
import { formatImported } from "./import-format.ts";
import { createImportPlan } from "./import-plan.ts";
import { recogniseTask } from "./import-task.ts";

/**
 * See ConfigLoader.importCrontab. Lines are taken in an order of their own: dumps and archives first, then what
 * speaks of their directories.
 */
export function importCrontab(text: string, timezone: string): CrontabImport {
  const lines = parseCrontab(text, formOfCrontab(text));
  const plan = createImportPlan();
  const environment: Record<string, string> = {};
  const reported = new Map<number, ImportedLine>();
  const later: (() => void)[] = [];
  for (const line of lines) {
    const { number, text: written } = line;
    const report = (outcome: ImportedLine["outcome"], job: string | null, notes: readonly string[]) =>
      reported.set(number, { number, text: withoutSecrets(written), outcome, job, notes });
    if (line.kind === "variable") {
      environment[line.name] = line.value;
      report("noted", null, [noteOfVariable(line.name, line.value)]);
    } else if (line.kind === "unreadable") report("left out", null, [line.reason]);
    else if (line.kind === "task" || line.kind === "switched-off") {
      const found = recogniseTask(line.task, { ...environment });
      const take = () => {
        const taken = plan.add(found, { task: line.task, isSwitchedOff: line.kind === "switched-off" });
        report(taken.job === null ? "left out" : "taken over", taken.job, taken.notes);
      };
      if (found.kind === "dump" || found.kind === "capsule") take();
      else later.push(take);
    }
  }
  for (const take of later) take();
  const all = [...reported.values()].sort((a, b) => a.number - b.number);
  return { yaml: plan.isEmpty() ? null : formatImported(plan.settings(), timezone), lines: all };
}

function noteOfVariable(name: string, value: string): string {
  if (/^PG(PASSWORD|PASSFILE)$/.test(name)) return "a password belongs into postgres.passwordFile, mode 0600";
  if (name === "MAILTO")
    return "who is told of failures: see alerts in the config; the new crontab mails root";
  if (name === "CRON_TZ")
    return `where cron keeps to it (cronie does, Debian's does not) the times are those of ${value}: then import with --timezone ${value}`;
  return "runs have a PATH of their own; nothing else of the crontab's environment reaches them";
}

/** A report may be pasted into a ticket. */
function withoutSecrets(text: string): string {
  return text
    .replace(/(PGPASSWORD\s*=\s*)("[^"]*"|'[^']*'|\S+)/g, "$1***")
    .replace(/(postgres(?:ql)?:\/\/[^:/@\s]*:)[^@\s]*@/g, "$1***@");
}
