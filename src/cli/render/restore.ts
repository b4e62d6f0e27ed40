import type {
  CapsuleRestored,
  DatabaseRestored,
  PreflightFinding,
  RestoreReport,
} from "../../domain/backups/restore-report.ts";
import { describeCount, describeDuration } from "../../domain/plain-words.ts";
import type { Paint } from "../paint.ts";

/** What was restored, or what would be. */
export function renderRestore(report: RestoreReport, paint: Paint): string {
  return report.kind === "capsule" ? renderCapsule(report, paint) : renderDatabase(report, paint);
}

function renderCapsule(
  { from, directory, entries, isRestored, isHashChecked, durationMs }: CapsuleRestored,
  paint: Paint,
): string {
  const count = describeCount(entries, "entry", "entries");
  if (!isRestored) return `Would restore ${count} of ${from} to ${directory}. Nothing was written.`;
  const done = `${paint.good("Restored")} ${count} of ${from} to ${directory} in ${describeDuration(durationMs)}.`;
  const unsure = "Its hash could not be checked, only its CRCs: there is no manifest beside the file.";
  return isHashChecked ? done : `${done}\n${paint.doubtful(unsure)}`;
}

function renderDatabase(report: DatabaseRestored, paint: Paint): string {
  const { from, database, findings, isRestored, durationMs, createdRoles, oldDatabase, isHashChecked } =
    report;
  const found = findings.map((finding) => renderFinding(finding, paint));
  if (!isRestored) return [...found, dryRunLine(report)].join("\n");
  const lines = [
    `${paint.good("Restored")} ${from} into database "${database}" in ${describeDuration(durationMs)}.`,
    ...(oldDatabase === null
      ? []
      : [`The old database is kept as "${oldDatabase}": drop it when you no longer need it.`]),
    ...(createdRoles.length === 0
      ? []
      : [`Roles made: ${createdRoles.join(", ")} (without passwords, if the dump has none).`]),
    ...(isHashChecked
      ? []
      : [paint.doubtful("Its hash could not be checked: there is no manifest beside the file.")]),
  ];
  return [...found, ...lines].join("\n");
}

function renderFinding({ severity, message, hint }: PreflightFinding, paint: Paint): string {
  const word =
    severity === "blocker"
      ? paint.bad(severity)
      : severity === "warning"
        ? paint.doubtful(severity)
        : severity;
  return `${word}: ${message}${hint === null ? "" : `\n  ${hint}`}`;
}

function dryRunLine({ from, database, findings }: DatabaseRestored): string {
  const isBlocked = findings.some((finding) => finding.severity === "blocker");
  const verdict = isBlocked ? "Could not restore" : "Would restore";
  return `${verdict} ${from} into database "${database}". Nothing was touched.`;
}
