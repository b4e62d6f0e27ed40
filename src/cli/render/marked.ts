import type { HoldReport } from "../../operations/operation.ts";
import type { Screen } from "../screen.ts";

/** Tells of a hold, its end or an acceptance; a destination where it could not be done makes it incomplete. */
export function renderMarked(
  screen: Screen,
  done: "held" | "released" | "accepted",
  report: HoldReport,
): 0 | 3 {
  screen.print(`${report.backup} is ${done} at ${report.destinations.join(", ")}.`);
  for (const { destination, message } of report.failed)
    screen.complain(`Not ${done} at ${destination}: ${message}`);
  const { stillSuspect = null } = report;
  if (stillSuspect !== null)
    screen.complain(
      `${stillSuspect} is newer and suspect, too: nothing is pruned until a later backup is as usual, or you accept ${report.job}/${stillSuspect}`,
    );
  return report.failed.length === 0 ? 0 : 3;
}
