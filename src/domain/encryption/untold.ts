/**
 * What of an encrypted backup may be told outside of the encryption (PROOF 6): logs, alerts, receipts, HTTP and the rows
 * that they are made of name no table, column, role or file in it. In full it is told to whoever asks on this machine.
 */

/** Rooms whose failures quote servers and archives, and so may name what is in them. */
const speaking = ["postgres", "capsule", "proof", "run.internal", "platform.child"];

/** Of those: what fails before anything in the database or the tree is looked at. */
const silent = new Set([
  "postgres.client-missing",
  "postgres.client-too-old",
  "postgres.client-unfit",
  "postgres.unreachable",
  "postgres.starting-up",
  "postgres.too-many-connections",
  "postgres.login",
  "postgres.database-missing",
  "postgres.no-databases",
  "postgres.pooler",
  "postgres.container-missing",
  "postgres.container-stopped",
  "postgres.container-ambiguous",
  "postgres.container-engine",
  "postgres.transport",
  "postgres.no-server-programs",
  "capsule.root-missing",
  "capsule.root-unreadable",
  "capsule.empty",
  "proof.space",
  "proof.nothing",
]);

/** Whether the message of a failure with this code may name what is in a backup. */
export function mayNameContent(code: string): boolean {
  return speaking.some((area) => code === area || code.startsWith(`${area}.`)) && !silent.has(code);
}

interface Told<Code extends string> {
  readonly code: Code;
  readonly message: string;
  readonly hint: string | null;
}

/** The failure as everybody may read it; the same one when it names nothing. `doing`: "Cannot finish "database"". */
export function withheld<Code extends string>(
  failure: Told<Code>,
  { doing, hint }: { readonly doing: string; readonly hint: string },
): Told<Code> {
  if (!mayNameContent(failure.code)) return failure;
  const { code } = failure;
  return { code, message: `${doing}: ${seenOf(code)}, not named outside of the encryption`, hint };
}

function seenOf(code: string): string {
  return code === "proof.mismatch" ? "it differs" : `it failed with ${code}`;
}
