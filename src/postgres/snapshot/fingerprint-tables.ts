import type { TableFingerprint } from "../../domain/backups/fingerprint.ts";
import { Failure } from "../../domain/failure.ts";
import { type Child, describeEnd, succeeded } from "../../platform/child.ts";
import { type Access, conninfoOf } from "../access.ts";
import { encodeLoose } from "../loose-text.ts";
import { copyPins, unconverted } from "../pins.ts";
import { lastWords } from "../reach/finished.ts";
import { shownTables, type TableRow } from "../sql/dumpable-tables.ts";
import { quoteLiteral, quoteName } from "../sql/literal.ts";
import { TableTally } from "../tap/table-tally.ts";
import { terminateBackends } from "../terminate.ts";
import { createMarkSplitter } from "./mark-splitter.ts";

export interface TablesToRead {
  readonly database: string;
  /** Name of the exported snapshot; null: as it is now. */
  readonly snapshot: string | null;
  /** Of the database, so that the bytes are those of the dump. */
  readonly encoding: string;
  /** Their names as loose text. */
  readonly tables: readonly TableRow[];
  /** Whether pg_dump loads hash partitions on an enum under their root's name. */
  readonly viaRoot: boolean;
  readonly signal: AbortSignal;
}

/**
 * See Snapshot.fingerprintTables. One psql imports the snapshot and sends every table by the COPY that
 * pg_dump would use, with a random mark after each. Throws "postgres.query", or the abort's reason.
 */
export async function fingerprintTables(
  access: Access,
  order: TablesToRead,
): Promise<readonly TableFingerprint[]> {
  const tables = order.tables.filter((table) => table.hasRows);
  const mark = access.deps.newToken();
  const dbname = conninfoOf(access, {
    database: order.database,
    purpose: "copy",
    settings: copyPins,
    keywords: unconverted,
  });
  const child = await access.reach.start({
    program: `${access.programs}psql`,
    args: ["-X", "-q", "-A", "-t", "-w", "--set=ON_ERROR_STOP=1", `--dbname=${dbname}`],
    stdin: "pipe",
    stdout: "pipe",
    login: true,
  });
  const onAbort = () => child.kill();
  order.signal.addEventListener("abort", onAbort, { once: true });
  if (order.signal.aborted) onAbort();
  try {
    child.stdin?.end(encodeLoose(copyScript({ ...order, tables }, mark)));
    return await readTables(child, { ...order, tables }, mark);
  } catch (error) {
    await terminateBackends(access, { database: order.database, purposes: ["copy"] });
    throw error;
  } finally {
    order.signal.removeEventListener("abort", onAbort);
  }
}

function copyScript(order: TablesToRead, mark: string): string {
  const lines = [
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;",
    ...(order.snapshot === null ? [] : [`SET TRANSACTION SNAPSHOT ${quoteLiteral(order.snapshot)};`]),
  ];
  for (const table of order.tables) lines.push(`${copyStatement(table, order.encoding)};`, `\\echo ${mark}`);
  return `${lines.join("\n")}\n`;
}

/** The COPY of pg_dump: of the table itself, or of a query where an extension registered a condition. */
function copyStatement(table: TableRow, encoding: string): string {
  const name = `${quoteName(table.schema)}.${quoteName(table.name)}`;
  const columns = table.columns.map(quoteName).join(", ");
  const list = columns === "" ? "" : ` (${columns})`;
  const source =
    table.filter === null ? `${name}${list}` : `(SELECT ${columns} FROM ONLY ${name} ${table.filter})`;
  return `COPY ${source} TO STDOUT WITH (ENCODING ${quoteLiteral(encoding)})`;
}

async function readTables(
  child: Child,
  order: TablesToRead,
  mark: string,
): Promise<readonly TableFingerprint[]> {
  const splitter = createMarkSplitter(mark);
  const tally = new TableTally();
  let done = 0;
  const tables = shownTables(order.tables, order.encoding);
  const open = () => {
    const table = tables[done];
    if (!table) return;
    const target = targetOf(table, order.viaRoot);
    tally.open(target, target.isViaRoot);
  };
  open();
  for await (const chunk of child.stdout ?? []) {
    for (const piece of splitter.push(chunk)) {
      if (piece.kind === "data") {
        tally.add(piece.data);
        continue;
      }
      tally.close();
      done += 1;
      open();
    }
  }
  const end = await child.ended;
  order.signal.throwIfAborted();
  if (succeeded(end) && done === order.tables.length) return tally.finish();
  throw new Failure(
    "postgres.query",
    `Cannot read the tables of "${order.database}" again: ${lastWords(end)} (${describeEnd(end)})`,
    { hint: "See the server's log; the next run tries again." },
  );
}

function targetOf(table: TableRow, viaRoot: boolean) {
  const { schema, name, columns, rootSchema, rootName } = table;
  if (!viaRoot || rootSchema === null || rootName === null)
    return { schema, name, columns, isViaRoot: false };
  return { schema: rootSchema, name: rootName, columns, isViaRoot: true };
}
