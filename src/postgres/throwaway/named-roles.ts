import type { Access } from "../access.ts";
import { decodeLoose } from "../loose-text.ts";
import type { ProofDump } from "../postgres.ts";
import { checkStream } from "../restore/checked-stream.ts";
import { dumpText } from "../restore/dump-text.ts";
import { rolesIn } from "../restore/rename-roles.ts";
import { identifier, unquote } from "../restore/statements.ts";
import type { DumpEvent } from "../tap/dump-events.ts";
import { createDumpLexer } from "../tap/dump-lexer.ts";

/** Statements of these first words name roles. */
const verbs: ReadonlySet<string> = new Set(["ALTER", "GRANT", "REVOKE", "SET", "CREATE"]);

/** The roles that a dump names as owners, grantees and the like. */
export interface NamedRoles {
  readonly roles: readonly string[];
  /** Those among them that own what only a superuser may own. No others: a superuser's grants become the owner's. */
  readonly superusers: readonly string[];
}

const superusersOnly = new RegExp(
  `^ALTER (?:EVENT TRIGGER|FOREIGN DATA WRAPPER) ${identifier} OWNER TO (${identifier});$`,
);
const forAllTables = new RegExp(`^CREATE PUBLICATION (${identifier}) FOR ALL TABLES`);
const publicationOwner = new RegExp(`^ALTER PUBLICATION (${identifier}) OWNER TO (${identifier});$`);

/** One reading of all of it. For dumps without globals. */
export async function namedRoles(
  access: Access,
  order: { readonly dump: ProofDump; readonly database: string; readonly signal: AbortSignal },
): Promise<NamedRoles> {
  const { dump, database, signal } = order;
  const source = await dump.openDump();
  // Whether these are the right bytes is seen by the reading that restores them.
  const checked = checkStream(source, { database, expected: null, onProgress: () => {} });
  const lexer = createDumpLexer();
  const tally = new RoleTally();
  try {
    const request = { format: dump.format, withoutOwners: false, signal };
    for await (const chunk of await dumpText(access, request, checked)) {
      signal.throwIfAborted();
      for (const event of lexer.push(chunk).filter(isAboutRoles)) tally.add(decodeLoose(event.bytes));
    }
  } finally {
    source.destroy();
  }
  return tally.finish();
}

/** Such statements are short. */
function isAboutRoles(event: DumpEvent): boolean {
  return event.kind === "statement" && event.isWhole && verbs.has(event.words[0] ?? "");
}

class RoleTally {
  readonly #roles = new Set<string>();
  readonly #superusers = new Set<string>();
  readonly #forAllTables = new Set<string>();

  add(statement: string): void {
    for (const role of rolesIn(statement)) this.#roles.add(role);
    const publication = forAllTables.exec(statement)?.[1];
    if (publication !== undefined) this.#forAllTables.add(publication);
    const [, owned = "", owner] = publicationOwner.exec(statement) ?? [];
    const superuser =
      superusersOnly.exec(statement)?.[1] ?? (this.#forAllTables.has(owned) ? owner : undefined);
    if (superuser !== undefined) this.#superusers.add(unquote(superuser));
  }

  finish(): NamedRoles {
    return { roles: [...this.#roles].sort(), superusers: [...this.#superusers].sort() };
  }
}
