import { Failure } from "../../domain/failure.ts";

/** Why no destination is left; with a single destination its own failure says most. */
export function noCopiesLeft(reasons: readonly Failure[]): Failure {
  const [first, ...others] = reasons;
  if (first !== undefined && others.length === 0) return first;
  const said = reasons.map((reason) => reason.message).join("; ");
  return new Failure("run.no-copies", `Cannot write to any destination: ${said}`, {
    hint: first?.hint ?? "Mend one of the destinations and run the job again.",
    cause: first,
  });
}
