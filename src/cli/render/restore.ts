import type {
  CapsuleRestored,
  DatabaseRestored,
  PreflightFinding,
  ReplacedReport,
  RestoreReport,
} from "../../domain/backups/restore-report.ts";
import { describeCount, describeDuration, describeSize } from "../../domain/plain-words.ts";
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
  const { job, from, database, findings, isRestored, durationMs, createdRoles, oldDatabase, isHashChecked } =
    report;
  const found = findings.map((finding) => renderFinding(finding, paint));
  if (!isRestored) return [...found, dryRunLine(report)].join("\n");
  const lines = [
    `${paint.good("Restored")} ${from} into database "${database}" in ${describeDuration(durationMs)}.`,
    checkLine(report, paint),
    ...(oldDatabase === null
      ? []
      : [
          `The old database is kept as "${oldDatabase}". When nobody needs it any more:`,
          `  codex-backup restore --drop-old ${oldDatabase} ${job === null ? "--server URL" : `--job ${job}`}`,
        ]),
    ...(createdRoles.length === 0
      ? []
      : [`Roles made: ${createdRoles.join(", ")} (without passwords, if the dump has none).`]),
    ...(isHashChecked
      ? []
      : [
          paint.doubtful(
            "Its hash could not be checked: there is neither a manifest nor a .sha256 beside the file.",
          ),
        ]),
  ];
  return [...found, ...lines].join("\n");
}

function checkLine({ check: { kind, tables, rows, reason } }: DatabaseRestored, paint: Paint): string {
  const counted = `${describeCount(rows, "row")} in ${describeCount(tables, "table")}`;
  const because = reason === null ? "" : ` (${reason})`;
  if (kind === "full") return `Dumped back and compared: ${counted}, all as they were backed up${because}.`;
  if (kind === "rows") return `Counted: ${counted}, as many as were backed up${because}.`;
  return paint.doubtful(`What was restored was not looked at${because}.`);
}

/** The databases that restores replaced and kept. */
export function renderReplaced({ kept, dropped }: ReplacedReport, paint: Paint): string {
  const sizeText = (sizeBytes: number | null) => (sizeBytes === null ? "" : `, ${describeSize(sizeBytes)}`);
  const lines = kept.map(({ name, replacedAt, sizeBytes, sessions }) => {
    const use = sessions === 0 ? "" : `, used by ${describeCount(sessions, "session")}`;
    return `${name}  replaced at ${replacedAt}${sizeText(sizeBytes)}${use}`;
  });
  if (dropped !== null) {
    const done = `${paint.good("Dropped")} ${dropped.name}${sizeText(dropped.sizeBytes)}.`;
    return kept.length === 0 ? done : [done, "Still kept:", ...lines].join("\n");
  }
  if (kept.length === 0) return "No old database is kept on this server.";
  return [...lines, "To drop one, type its whole name after --drop-old."].join("\n");
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
