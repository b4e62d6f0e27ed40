import { type FailureMeaning, failureTable } from "../../src/domain/failure-table.ts";
import { generatedNote, type ReferencePage } from "./page.ts";

const exitMeanings: readonly (readonly [status: string, meaning: string])[] = [
  ["0", "ok"],
  ["1", "failed"],
  ["2", "bad usage or configuration"],
  ["3", "finished but incomplete; the gaps are listed"],
  ["4", "damage or a mismatch was found"],
  ["5", "busy: another run holds the job's lock"],
  [
    "6",
    "unhealthy: a job is stale, its last run failed or it has no good backup; or a destination cannot be used",
  ],
  ["130, 143", "interrupted (Ctrl-C, SIGTERM, SIGHUP)"],
];

const retryMeanings: Readonly<Record<FailureMeaning["retry"], string>> = {
  never: "no, something must be changed first",
  later: "yes, at the next slot",
  now: "yes, at once",
};

/** Exit statuses and failure codes, from the one table that decides them. */
export const failuresPage: ReferencePage = { path: "docs/reference/failures.md", text: formatFailures };

function formatFailures(): string {
  const areas = Map.groupBy(Object.entries(failureTable), ([code]) => code.split(".")[0] ?? "");
  return [
    "# Exit statuses and failure codes",
    "",
    generatedNote,
    "",
    "Each failure has a code, which stays the same from release to release; scripts may rely on it and on the",
    "exit status. With `--json` it stands in `failure.code`, beside the message and a hint of what to do.",
    "",
    "## Exit statuses",
    "",
    "| status | means |",
    "|---|---|",
    ...exitMeanings.map(([status, meaning]) => `| ${status} | ${meaning} |`),
    "",
    "Of several jobs in one call, the first that applies of 2, 1, 4, 3, 5, 0.",
    ...[...areas].flatMap(([area, rows]) => formatArea(area, rows)),
    "",
  ].join("\n");
}

function formatArea(area: string, rows: readonly (readonly [string, FailureMeaning])[]): readonly string[] {
  return [
    "",
    `## ${area}`,
    "",
    "| code | exit | HTTP | can trying again help? |",
    "|---|---|---|---|",
    ...rows.map(([code, row]) => `| \`${code}\` | ${row.exit} | ${row.http} | ${retryMeanings[row.retry]} |`),
  ];
}
