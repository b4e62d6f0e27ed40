import { pipeline } from "node:stream/promises";
import { Failure, messageOf } from "../../domain/failure.ts";
import { type ChildEnd, describeEnd, succeeded } from "../../platform/child.ts";
import { conninfoOf } from "../access.ts";
import { majorOf } from "../client/version.ts";
import { outputPins, unconverted } from "../pins.ts";
import type { ProofDump } from "../postgres.ts";
import { finish } from "../reach/finished.ts";
import { checkStream } from "../restore/checked-stream.ts";
import type { ServerContext } from "../server.ts";
import { parseRestoreMessages } from "./restore-messages.ts";
import type { ThrowawayHost } from "./throwaway-host.ts";

export type DirectlyRestored =
  | { readonly isDone: true; readonly warnings: readonly string[] }
  /** The database is to be made anew. */
  | { readonly isDone: false; readonly seen: string };

interface DirectRestore {
  readonly database: string;
  readonly dump: ProofDump;
  readonly signal: AbortSignal;
}

/**
 * Whether pg_restore may write by itself. What it sends cannot be filtered, so it must be made for that very server; and it
 * commits before the last byte was hashed, so the server must be one that is thrown away.
 */
export function isForDirect({ isOurs, context }: ThrowawayHost, { format }: ProofDump): boolean {
  return isOurs && format === "custom" && context.client.major === majorOf(context.facts.versionNum);
}

/**
 * An archive by pg_restore alone, which spares the way of every row through psql. It counts only when all went well and
 * exactly the expected bytes were read; whatever else happens is left to sendDump, which knows how to tell it. Throws as
 * the archive's stream does, and "postgres.dump-unreadable" (context: isOtherBytes) for other bytes.
 */
export async function restoreDirectly(
  context: ServerContext,
  { database, dump, signal }: DirectRestore,
): Promise<DirectlyRestored> {
  const source = await dump.openDump();
  const { expected, onProgress = () => {} } = dump;
  const checked = checkStream(source, { database, expected, onProgress });
  try {
    const child = await startPgRestore(context, database);
    // Looked for all the time: of a database of many objects only the last of them are still in what it said.
    const hasWarned = child.hasSaid(/^pg_restore: WARNING:/m);
    const input = child.stdin ? pipeline(checked.bytes(), child.stdin, { signal }) : Promise.resolve();
    const [fed, finished] = await Promise.allSettled([input, finish(child, signal)]);
    signal.throwIfAborted();
    if (fed.status === "rejected" && fed.reason instanceof Failure) throw fed.reason;
    if (finished.status === "rejected") throw finished.reason;
    const { end } = finished.value;
    const restored = judge(end, { hasWarned: await hasWarned });
    if (!restored.isDone) return restored;
    if (fed.status === "rejected") return { isDone: false, seen: messageOf(fed.reason) };
    checked.demandWhole();
    return restored;
  } finally {
    source.destroy();
  }
}

/**
 * One transaction: COPY keeps the order of rows only into a table that the same transaction made (PROOF 4.5). It tells the
 * server's warnings only when it tells everything.
 */
function startPgRestore({ access }: ServerContext, database: string) {
  const connection = { database, purpose: "restore", settings: outputPins, keywords: unconverted } as const;
  // A subscription would dial its publisher (PROOF 4.3).
  const fixed = ["--single-transaction", "--no-password", "--no-subscriptions", "--verbose"];
  const args = [...fixed, `--dbname=${conninfoOf(access, connection)}`];
  const program = `${access.programs}pg_restore`;
  return access.reach.start({ program, args, stdin: "pipe", stdout: "pipe", login: true });
}

function judge(end: ChildEnd, { hasWarned }: { readonly hasWarned: boolean }): DirectlyRestored {
  const { error, warnings, isFromStart } = parseRestoreMessages(end.stderr);
  if (error !== null || !succeeded(end)) return { isDone: false, seen: error ?? describeEnd(end) };
  if (isFromStart || !hasWarned) return { isDone: true, warnings };
  return { isDone: false, seen: "it said so much that warnings are lost" };
}
