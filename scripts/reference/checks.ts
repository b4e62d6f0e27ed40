import { type CheckMeaning, checkTable } from "../../src/domain/doctor/check-table.ts";
import { areaOf } from "../../src/domain/doctor/finding.ts";
import { generatedNote, type ReferencePage } from "./page.ts";

/** What `doctor` can find, from the one table that decides it. */
export const checksPage: ReferencePage = { path: "docs/reference/checks.md", text: formatChecks };

const severities: readonly (readonly [severity: string, meaning: string])[] = [
  ["blocker", "tonight will fail: exit status 1"],
  ["unknown", "it could not be looked at, which is never ok; where tonight depends on it: exit status 3"],
  ["warning", "tonight works, but it should be mended"],
  ["note", "good to know"],
  ["ok", "it was looked at and is well; shown with `-v`"],
];

function formatChecks(): string {
  const areas = Map.groupBy(Object.entries<CheckMeaning>(checkTable), ([code]) => areaOf(code));
  return [
    "# Checks of doctor",
    "",
    generatedNote,
    "",
    "`codex-backup doctor` tells what would fail tonight. Each finding has a code, which stays the same from release to",
    "release, and the commands that mend it. With `--json`: `{findings: [{check, code, severity, subject, message, commands,",
    "isFixed}], exit}`. Each check has ten seconds; one that breaks off stops no other.",
    "",
    "| severity | means |",
    "|---|---|",
    ...severities.map(([severity, meaning]) => `| ${severity} | ${meaning} |`),
    ...[...areas].flatMap(([area, rows]) => formatArea(area, rows)),
    "",
  ].join("\n");
}

function formatArea(area: string, rows: readonly (readonly [string, CheckMeaning])[]): readonly string[] {
  return [
    "",
    `## ${area}`,
    "",
    "| code | severity | found when |",
    "|---|---|---|",
    ...rows.map(
      ([code, { severity, means, isNeeded }]) =>
        `| \`${code}\` | ${severity}${isNeeded === true ? " (exit 3)" : ""} | ${means} |`,
    ),
  ];
}
