import { Failure } from "../../domain/failure.ts";
import { type Child, describeEnd, succeeded } from "../../platform/child.ts";
import { linesOf } from "../../platform/lines.ts";
import { type Access, conninfoOf } from "../access.ts";
import { outputPins, unconverted } from "../pins.ts";
import type { TextQuery } from "../postgres.ts";
import { lastWords } from "../reach/finished.ts";
import { quoteLiteral } from "../sql/literal.ts";
import { terminateBackends } from "../terminate.ts";

export interface TextsToRead extends TextQuery {
  readonly database: string;
  /** Name of the exported snapshot. */
  readonly snapshot: string;
  /** Of the database. */
  readonly encoding: string;
  readonly signal: AbortSignal;
}

/** See Snapshot.texts. A psql of its own imports the snapshot; the session's own search_path holds, as in the application. */
export async function* readTexts(
  access: Access,
  order: TextsToRead,
): AsyncGenerator<readonly (string | null)[]> {
  const { database, signal } = order;
  const dbname = conninfoOf(access, {
    database,
    purpose: "query",
    settings: { ...outputPins, default_transaction_read_only: "on" },
    // One without an encoding has nothing to convert from.
    keywords: order.encoding === "SQL_ASCII" ? unconverted : { client_encoding: "UTF8" },
  });
  const child = await access.reach.start({
    program: `${access.programs}psql`,
    args: ["-X", "-q", "-A", "-t", "-w", "--set=ON_ERROR_STOP=1", `--dbname=${dbname}`],
    stdin: "pipe",
    stdout: "pipe",
    login: true,
  });
  const onAbort = () => child.kill();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  let isDone = false;
  try {
    child.stdin?.end(scriptOf(order));
    yield* rowsOf(child, order);
    isDone = true;
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (!isDone) {
      child.kill(0);
      child.stdout?.destroy();
      await terminateBackends(access, { database, purposes: ["query"] });
    }
  }
}

function scriptOf({ sql, snapshot, timeoutMs }: TextsToRead): string {
  // The lock limit is the query's: it must not wait for a lock longer than it may run.
  return [
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;",
    `SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)};`,
    `SET LOCAL statement_timeout = ${timeoutMs};`,
    `COPY (SELECT DISTINCT q.* FROM (${sql.replace(/[\s;]+$/, "")}\n) AS q) TO STDOUT;`,
    "",
  ].join("\n");
}

async function* rowsOf(
  child: Child,
  { database, signal }: TextsToRead,
): AsyncGenerator<readonly (string | null)[]> {
  if (child.stdout !== null)
    for await (const lines of linesOf(child.stdout)) {
      if (lines.some((line) => line.includes("\t")))
        throw new Failure("postgres.query", `Cannot ask "${database}": the query returns several columns`, {
          hint: "Select one column.",
        });
      yield lines.map(readField);
    }
  const end = await child.ended;
  signal.throwIfAborted();
  if (succeeded(end)) return;
  throw new Failure("postgres.query", `Cannot ask "${database}": ${lastWords(end)} (${describeEnd(end)})`, {
    hint: "Try the query with psql, as the job's user.",
  });
}

const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

/** One field of COPY's text format. */
function readField(line: string): string | null {
  if (line === "\\N") return null;
  return line.replaceAll(/\\(.)/gsu, (_, mark: string) => escapes[mark] ?? mark);
}
