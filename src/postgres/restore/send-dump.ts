import { pipeline } from "node:stream/promises";
import { Failure, messageOf } from "../../domain/failure.ts";
import { type Child, type ChildEnd, succeeded } from "../../platform/child.ts";
import { type Access, conninfoOf } from "../access.ts";
import { isBrokenPipe } from "../broken-pipe.ts";
import { knowsRestrict, majorOf } from "../client/version.ts";
import { outputPins, unconverted } from "../pins.ts";
import type { RestoreRequest } from "../postgres.ts";
import type { ServerContext } from "../server.ts";
import { createCutFilter } from "../tap/cut-filter.ts";
import type { DumpEvent } from "../tap/dump-events.ts";
import {
  createDumpFilter,
  type DumpEnd,
  isKnownTo,
  isRestorable,
  isRestorableAlone,
} from "../tap/dump-filter.ts";
import type { AbsentRoles } from "./absent-roles.ts";
import { checkStream } from "./checked-stream.ts";
import { dumpText } from "./dump-text.ts";
import { isAboutOwners } from "./owner-statements.ts";
import { parsePsqlMessages, restoreFailed } from "./psql-errors.ts";
import { renameRolesOf } from "./rename-roles.ts";
import { inTableTransactions } from "./table-transactions.ts";

/** What of a restore concerns the dump alone. */
export type DumpToSend = Pick<
  RestoreRequest,
  | "database"
  | "format"
  | "openDump"
  | "expected"
  | "withoutOwners"
  | "signal"
  | "onProgress"
  | "cut"
  | "roleMap"
> & {
  readonly absentRoles?: AbsentRoles;
  /**
   * A transaction for each table in place of the one round everything, for a server whose locks do not suffice for
   * that. Tells of a table whether one COPY alone fills it. What a failure leaves must then be dropped.
   */
  readonly perTable?: (schema: string, name: string) => boolean;
};

export interface SentDump {
  /** The server's. */
  readonly warnings: readonly string[];
  /** Of the dump's text, as it says. */
  readonly encoding: string;
}

/**
 * Sends the dump to psql inside one transaction of ours: BEGIN, the filtered stream, and COMMIT only after
 * size, hash and trailer were right. Never `psql --single-transaction` on a stream: a dump cut in the middle of
 * a row ended with exit status 0 and committed (PROOF 4.4).
 */
export async function sendDump(context: ServerContext, request: DumpToSend): Promise<SentDump> {
  const { access } = context;
  const token = access.deps.newToken();
  const child = await startPsql(access, request.database);
  const onAbort = () => child.kill(0);
  request.signal.addEventListener("abort", onAbort, { once: true });
  if (request.signal.aborted) onAbort();
  const printed = collect(child);
  try {
    const encoding = await feed(context, request, child);
    child.stdin?.end(`${request.perTable ? "" : "COMMIT;\n"}\\echo ${token}\n`);
    const end = await child.ended;
    if (!succeeded(end) || !(await printed).includes(token)) throw restoreFailed(request.database, end);
    return { warnings: parsePsqlMessages(end.stderr).warnings, encoding };
  } catch (error) {
    throw await causeOf(error, { child, request });
  } finally {
    request.signal.removeEventListener("abort", onAbort);
    child.kill(0);
  }
}

function startPsql(access: Access, database: string): Promise<Child> {
  const dbname = conninfoOf(access, {
    database,
    purpose: "restore",
    settings: outputPins,
    keywords: unconverted,
  });
  const variables = ["--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose"];
  const args = ["-X", "-q", "-A", "-t", "-w", ...variables, `--dbname=${dbname}`];
  const program = `${access.programs}psql`;
  return access.reach.start({ program, args, stdin: "pipe", stdout: "pipe", login: true });
}

async function collect(child: Child): Promise<string> {
  // Results of setval and of set_config are printed; only the end matters.
  let tail = "";
  for await (const chunk of child.stdout ?? []) tail = (tail + String(chunk)).slice(-1000);
  return tail;
}

/** Returns the encoding that the dump's text says it is in. */
async function feed(context: ServerContext, request: DumpToSend, child: Child): Promise<string> {
  let encoding = "UTF8";
  if (!child.stdin) return encoding;
  const { database, expected, signal, onProgress = () => {} } = request;
  const source = await request.openDump();
  const checked = checkStream(source, { database, expected, onProgress });
  try {
    const text = await dumpText(context.access, request, checked);
    const told = (end: DumpEnd) => {
      encoding = end.encoding;
    };
    await pipeline(filtered(text, context, { ...request, told }), child.stdin, { end: false, signal });
    checked.demandWhole();
    return encoding;
  } finally {
    source.destroy();
  }
}

async function* filtered(
  text: AsyncIterable<Buffer>,
  context: ServerContext,
  request: DumpToSend & { readonly told: (end: DumpEnd) => void },
): AsyncGenerator<Buffer> {
  // The filter has refused every other command of psql, so an old psql can do without the restriction.
  const major = majorOf(context.facts.versionNum);
  const leavesOut = (event: DumpEvent) =>
    !isKnownTo(event, major) ||
    (request.withoutOwners && isAboutOwners(event)) ||
    request.absentRoles?.leavesOut(event) === true ||
    (event.kind === "meta" && !knowsRestrict(context.client));
  const isWanted = request.cut ? createCutFilter(request.cut) : () => true;
  const canBeSent = request.perTable ? isRestorableAlone : isRestorable;
  const keeps = (event: DumpEvent) => isWanted(event) && canBeSent(event) && !leavesOut(event);
  const filter = createDumpFilter(keeps, rewriteOf(request));
  if (!request.perTable) yield Buffer.from("BEGIN;\n");
  for await (const chunk of text) yield* filter.push(chunk);
  const end = filter.end();
  request.told(end);
  yield* end.bytes;
  if (end.isComplete) return;
  throw new Failure(
    "postgres.dump-truncated",
    `Cannot restore into "${request.database}": the dump ends before its "dump complete" line`,
    { hint: "Nothing was kept of it; restore from another copy or an older backup." },
  );
}

function rewriteOf({ perTable, roleMap }: DumpToSend): ((event: DumpEvent) => DumpEvent) | undefined {
  if (perTable) return inTableTransactions(perTable);
  return roleMap ? renameRolesOf(roleMap) : undefined;
}

/** A psql that gave up breaks the pipe; what it said is the cause then, unless the run was ended or the dump bad. */
async function causeOf(
  error: unknown,
  { child, request }: { readonly child: Child; readonly request: DumpToSend },
): Promise<unknown> {
  if (request.signal.aborted) return request.signal.reason;
  if (error instanceof Failure) return error;
  // It says what was wrong while it ends; only when the dump's own stream failed is there nothing to wait for.
  child.stdin?.destroy();
  if (!isBrokenPipe(error)) child.kill(0);
  const end: ChildEnd = await child.ended;
  if (isBrokenPipe(error)) return restoreFailed(request.database, end);
  return new Failure(
    "postgres.restore-failed",
    `Cannot restore into "${request.database}": reading the dump failed: ${messageOf(error)}`,
    { hint: "Check the copy with verify, or restore from another one.", cause: error },
  );
}
