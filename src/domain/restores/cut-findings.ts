import { describeTable } from "../backups/fingerprint.ts";
import type { PreflightFinding } from "../backups/restore-report.ts";
import { describeCount } from "../plain-words.ts";
import type { DumpCut, RelationName } from "./table-choice.ts";

const shownNames = 12;

/** What somebody should know who restores only a part of a dump. */
export function describeCut(cut: DumpCut): readonly PreflightFinding[] {
  const { whole, withoutRows, emptyViews, leftOutKeys, inseparable } = cut;
  return [
    note(
      `of the dump, ${describeCount(whole.length, "table, view or sequence", "tables, views and sequences")} will be restored: ${listed(whole)}`,
    ),
    note(
      "large objects, publications, event triggers and default privileges are not restored with single tables",
    ),
    ...(withoutRows.length === 0
      ? []
      : [
          warning(
            `made without rows, because something restored needs them: ${listed(withoutRows)}`,
            "Name them too to have their rows.",
          ),
        ]),
    ...emptyViews.map(emptyView),
    ...leftOutKeys.map(({ constraint, ...table }) =>
      warning(
        `foreign key "${constraint}" of ${describeTable(table)} is left out: it points to a table that is not restored`,
        "Name that table too to have it.",
      ),
    ),
    ...inseparable.map(({ partition, root }) => ({
      severity: "blocker" as const,
      message: `the rows of ${describeTable(partition)} are in the dump only as rows of ${describeTable(root)}`,
      hint: `Restore that one: --table ${describeTable(root)}`,
    })),
  ];
}

/** Nobody asks for a materialized view to have none of its rows; a view can be wanted for its text. */
function emptyView({ isMaterialized, reads, ...view }: DumpCut["emptyViews"][number]): PreflightFinding {
  const from = `${listed(reads)}, whose rows are not restored`;
  const hint = `Restore them too: ${reads.map((table) => `--table '${describeTable(table)}'`).join(" ")}`;
  return isMaterialized
    ? {
        severity: "blocker",
        message: `materialized view ${describeTable(view)} would come back empty: its rows are computed from ${from}`,
        hint,
      }
    : warning(`view ${describeTable(view)} will show no rows: it reads ${from}`, hint);
}

function listed(relations: readonly RelationName[]): string {
  const names = relations.slice(0, shownNames).map(describeTable).join(", ");
  const more = relations.length - shownNames;
  return more > 0 ? `${names} and ${more} more` : names;
}

function note(message: string): PreflightFinding {
  return { severity: "note", message, hint: null };
}

function warning(message: string, hint: string): PreflightFinding {
  return { severity: "warning", message, hint };
}
