import type { FailureReport } from "../../domain/failure.ts";
import type { Paint } from "../paint.ts";

/** The message, then the hint and further lines, each on its own line, indented by two blanks. */
export function renderFailure(
  failure: Pick<FailureReport, "message" | "hint">,
  paint: Paint,
  ...further: readonly string[]
): string {
  const hints = [failure.hint, ...further].filter((line) => line !== null);
  return [paint.bad(failure.message), ...hints.map((line) => `  ${line.replaceAll("\n", "\n  ")}`)].join(
    "\n",
  );
}
