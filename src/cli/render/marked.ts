import type { HoldReport } from "../../operations/operation.ts";
import type { Screen } from "../screen.ts";

/** Tells of a hold, its end or an acceptance; a destination where it could not be done makes it incomplete. */
export function renderMarked(
  screen: Screen,
  done: "held" | "released" | "accepted" | "no longer accepted" | "accepted as gone",
  report: HoldReport,
): 0 | 3 {
  const places = report.destinations.length === 0 ? "" : ` at ${report.destinations.join(", ")}`;
  screen.print(`${report.backup} is ${done}${places}.`);
  for (const { destination, message } of report.failed)
    screen.complain(`Not ${done} at ${destination}: ${message}`);
  const { stillSuspect = null } = report;
  if (stillSuspect !== null)
    screen.complain(
      `${stillSuspect} is newer and suspect, too: nothing is pruned until a later backup is as usual, or you accept ${report.job}/${stillSuspect}`,
    );
  return report.failed.length === 0 ? 0 : 3;
}
