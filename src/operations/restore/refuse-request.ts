import { Failure } from "../../domain/failure.ts";
import { maintenanceDatabase } from "./maintenance-database.ts";
import type { DatabaseRestore } from "./restore-database.ts";

/** PostgreSQL cuts what is longer, without an error: it would be another name than the one that was asked for. */
const longestNameBytes = 63;

/** What a restore is asked for at once and cannot be. Throws "usage.refused". */
export function refuseRequest(request: DatabaseRestore): void {
  const { to, overwrite, dump, tables = [], schemas = [], roleMap, jobs } = request;
  const isPart = tables.length + schemas.length > 0;
  const mapsRoles = (roleMap?.size ?? 0) > 0;
  refuseName(to);
  if (overwrite !== null && overwrite !== to) {
    throw refused(
      `Cannot overwrite: --overwrite says "${overwrite}", and the target is "${to}"`,
      "Type the target's own name after --overwrite.",
    );
  }
  if (overwrite === maintenanceDatabase) {
    throw refused(
      `Cannot overwrite "${overwrite}": it is the one that restores log in to, and cannot be renamed meanwhile`,
      "Restore into a new database, and let the application use that.",
    );
  }
  if (isPart && overwrite !== null) {
    throw refused(
      `Cannot overwrite "${to}" with single tables: everything else in it would be gone`,
      "Restore them into a new database, and take the rows from there.",
    );
  }
  if (mapsRoles && request.withoutOwners) {
    throw refused(
      "Cannot rename roles: with --no-owner none are restored",
      "Leave out --role or --no-owner.",
    );
  }
  if (jobs === undefined) return;
  if (dump.format !== "custom") {
    throw refused(
      "Cannot restore with several jobs: the dump is one stream of SQL",
      "Leave out --jobs; it is for backups of the format custom.",
    );
  }
  if (isPart || mapsRoles) {
    throw refused(
      "Cannot restore with several jobs: pg_restore itself can neither choose tables so nor rename roles",
      "Leave out --jobs, or --table, --schema and --role.",
    );
  }
  if (request.server.transport.kind !== "local") {
    throw refused(
      "Cannot restore with several jobs: pg_restore runs elsewhere and cannot read this machine's files",
      "Leave out --jobs, or name with --job a server that is reached from here.",
    );
  }
}

function refuseName(to: string): void {
  if (to.includes("\ufffd")) {
    throw refused(
      `Cannot restore into "${to}": it holds U+FFFD, which stands for bytes that are not UTF-8`,
      "Choose a name for the database that is written in UTF-8.",
    );
  }
  const bytes = Buffer.byteLength(to);
  if (bytes > 0 && bytes <= longestNameBytes) return;
  throw refused(
    `Cannot restore into "${to}": a database's name has 1 to ${longestNameBytes} bytes, this one ${bytes}`,
    "Choose another name for the database.",
  );
}

function refused(message: string, hint: string): Failure {
  return new Failure("usage.refused", message, { hint });
}
