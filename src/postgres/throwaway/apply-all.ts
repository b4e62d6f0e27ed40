import { refused } from "../restore/maintenance.ts";
import { firstWords } from "../restore/statements.ts";
import type { Session } from "../session/session.ts";

/** Runs each; `what` is restored by them. A refusal never shows more of a statement than its first words. */
export async function applyAll(session: Session, statements: readonly string[], what: string): Promise<void> {
  for (const statement of statements) {
    const refusal = await session.attempt(statement);
    if (refusal === null) continue;
    throw refused(`Cannot restore ${what}: "${firstWords(statement)}" failed`, refusal);
  }
}
