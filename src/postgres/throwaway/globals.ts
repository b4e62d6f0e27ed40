import { Failure } from "../../domain/failure.ts";
import { decodeLoose } from "../loose-text.ts";
import type { Unproven } from "../postgres.ts";
import { identifier } from "../restore/statements.ts";
import { createDumpLexer } from "../tap/dump-lexer.ts";
import { unreadable } from "../tap/unreadable.ts";

const tablespace = new RegExp(
  `^(CREATE TABLESPACE ${identifier}(?: OWNER ${identifier})?) LOCATION '(?:[^']|'')*'`,
);
const grantor = new RegExp(`^(GRANT ${identifier} TO ${identifier}.*?) GRANTED BY ${identifier}$`, "s");

/** Globals as they are sent to a server of our own. */
export interface AdaptedGlobals {
  readonly statements: readonly string[];
  readonly unproven: readonly Unproven[];
}

/**
 * Every statement of globals_NAME.sql as loose text, changed in two ways only. A tablespace lies inside the cluster and not at its
 * path; and from 16 on, a membership is granted by whom we are, because there only the bootstrap superuser may grant
 * in its own name, and here that is another one than at the source. Throws "postgres.dump-unreadable".
 */
export function adaptGlobals(globals: Buffer, major: number): AdaptedGlobals {
  const statements = strictStatements(globals);
  const hasTablespaces = statements.some((statement) => tablespace.test(statement));
  const adapted = statements.map((statement) =>
    (major >= 16 ? statement.replace(grantor, "$1") : statement).replace(tablespace, "$1 LOCATION ''"),
  );
  return {
    statements: hasTablespaces ? ["SET allow_in_place_tablespaces = on", ...adapted] : adapted,
    unproven: hasTablespaces ? [tablespacesInside] : [],
  };
}

const tablespacesInside: Unproven = {
  object: "tablespaces",
  reason: "they were made inside the throwaway server, not at their paths",
};

/** Nothing is passed over in silence: what is no statement of SQL is refused. */
function strictStatements(script: Buffer): readonly string[] {
  const lexer = createDumpLexer();
  const pushed = lexer.push(script);
  const { events: last, open } = lexer.end();
  if (open !== null) throw unreadable("the globals break off");
  return [...pushed, ...last].flatMap((event) => {
    if (event.kind === "space" || event.kind === "comment") return [];
    if (event.kind === "meta" && event.command !== "foreign") return [];
    if (event.kind !== "statement" || !event.isWhole) throw foreign(event.bytes);
    return [decodeLoose(event.bytes).trim().replace(/;$/, "")];
  });
}

function foreign(bytes: Buffer): Failure {
  const seen = bytes.toString("latin1", 0, 80).trimEnd();
  return new Failure("postgres.restore-refused", `Cannot restore the globals: they hold "${seen}"`, {
    hint: "Read that part of the file: pg_dumpall writes no such thing.",
  });
}
