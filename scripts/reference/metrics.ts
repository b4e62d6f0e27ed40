import { metricTable } from "../../src/operations/metrics-table.ts";
import { generatedNote, type ReferencePage } from "./page.ts";

/** docs/reference/metrics.md, from the table that the metrics are made of. */
export const metricsPage: ReferencePage = { path: "docs/reference/metrics.md", text: formatMetrics };

const intro = `What \`codex-backup metrics\`, \`metrics --textfile\` and \`/metrics\` of \`serve\` tell, in Prometheus' text format. All times
are moments in seconds since 1970, never ages: compare them with \`time()\`. What is not known has no sample. \`database\` is
empty where a job has none.

When nothing could be read, \`metrics --textfile\` leaves only \`codex_backup_up 0\` behind, and ends with the failure's status.
When the tool is not started at all, \`codex_backup_metrics_timestamp_seconds\` stands still: alert on both.`;

function formatMetrics(): string {
  const gauges = Object.entries(metricTable).map(([name, [labels, help]]) => row(name, labels, help));
  const counter = row(
    "codex_backup_runs_total",
    ["backup_job", "outcome"],
    "Runs that have ended, by how. A counter.",
  );
  const table = ["| metric | labels | says |", "|---|---|---|", ...gauges, counter].join("\n");
  return `${["# Metrics", generatedNote, intro, table].join("\n\n")}\n`;
}

function row(name: string, labels: readonly string[], help: string): string {
  return `| \`${name}\` | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`;
}
