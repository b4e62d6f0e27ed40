import { Failure } from "../domain/failure.ts";
import { formatInstant } from "../domain/instant.ts";
import type { AuditEntry } from "./http.ts";
import type { Answer, Change, RawWish, Route } from "./route.ts";
import type { RouteParts } from "./route-parts.ts";

/**
 * Answers a wish that was admitted. A change is put down before it is begun and after it has ended; what cannot be
 * put down is not begun.
 */
export async function perform(route: Route, wish: RawWish, parts: RouteParts): Promise<Answer> {
  if (route.change === null) return route.answer(wish);
  const note = createNote(route.change(wish), wish, parts);
  await parts.audit.record(note("started", null));
  const tell = (outcome: string) =>
    parts.audit.record(note("ended", outcome)).catch((err: unknown) => {
      parts.log.error({ err, outcome }, "the end of a change could not be put down");
    });
  try {
    const answer = await route.answer(wish);
    const ended = answer.kind === "json" ? answer.ended : undefined;
    if (ended === undefined) await tell("done");
    else parts.unfinished.add(ended.then(tell));
    return answer;
  } catch (thrown) {
    await tell(thrown instanceof Failure ? `${thrown.code}: ${thrown.message}` : "run.internal");
    throw thrown;
  }
}

function createNote(
  { action, target }: Change,
  { caller }: RawWish,
  { clock, hide, randomToken }: RouteParts,
) {
  const id = randomToken(12);
  const { who, address } = caller;
  return (phase: AuditEntry["phase"], outcome: string | null): AuditEntry => ({
    time: formatInstant(clock.now()),
    id,
    phase,
    who,
    address,
    action,
    target,
    outcome: outcome === null ? null : hide(outcome),
  });
}
