import type { PostgresSource } from "../../domain/jobs/source.ts";
import type { PostgresDeps } from "../access.ts";
import { majorOf } from "../client/version.ts";
import { closeReach, reachServer } from "../connect.ts";
import type { ThrowawayWish } from "../postgres.ts";
import { onMaintenance } from "../restore/maintenance.ts";
import { identifier, readStatements, unquote } from "../restore/statements.ts";
import { applyAll } from "./apply-all.ts";
import { adaptGlobals } from "./globals.ts";
import { makeMissingRoles } from "./missing-roles.ts";
import { withQuietConnections } from "./quiet-connections.ts";
import type { ThrowawayHost } from "./throwaway-host.ts";

/** A running server of our own, wherever it runs. */
export interface OwnCluster {
  readonly description: string;
  readonly source: PostgresSource;
  /** Ends the server and removes all of it. */
  remove(): Promise<void>;
}

/** Logs in to a server of our own, where every role, tablespace and database may be made as it was. */
export async function openClusterHost(
  deps: PostgresDeps,
  cluster: OwnCluster,
  wish: ThrowawayWish,
): Promise<ThrowawayHost> {
  const { label, signal, header } = wish;
  const context = withQuietConnections(
    await reachServer(deps, cluster.source, { database: "postgres", label, signal }),
  );
  return {
    description: cluster.description,
    isOurs: true,
    context,
    database: databaseNameOf(header),
    async prepare({ globals, roles, superusers }) {
      if (globals === null) {
        await onMaintenance(context, signal, (session) =>
          makeMissingRoles(session, { roles, superusers, note: null }),
        );
        return [
          {
            object: "roles",
            reason: "the backup has none; those that the dump names were made for the proof",
          },
        ];
      }
      const { statements, unproven } = adaptGlobals(globals, majorOf(context.facts.versionNum));
      await onMaintenance(context, signal, (session) => applyAll(session, statements, "the globals"));
      return unproven;
    },
    async close() {
      await closeReach(context.access.reach, deps);
      await cluster.remove();
    },
  };
}

const createDatabase = new RegExp(`^CREATE DATABASE (${identifier})`);

/** The source's own name, which a constraint may ask for, unless the new server has a database of that name. */
export function databaseNameOf(header: Buffer | null): string {
  const statements = header === null ? [] : readStatements(header);
  const written = statements.flatMap((statement) => createDatabase.exec(statement)?.[1] ?? []).at(0);
  const name = written === undefined ? "proof" : unquote(written);
  // A program's argument cannot be what is no UTF-8.
  return /^(postgres|template\d)$/.test(name) || !name.isWellFormed() ? "proof" : name;
}
