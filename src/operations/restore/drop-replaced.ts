import type { ReplacedReport } from "../../domain/backups/restore-report.ts";
import { replacedAt } from "../../domain/backups/restoring-name.ts";
import { Failure } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import { nearest } from "../../domain/nearest.ts";
import type { ReplacedDatabase } from "../../domain/restores/database-names.ts";
import type { PostgresServer } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";
import type { DropReplacedRequest } from "../operation.ts";
import { maintenanceDatabase } from "./maintenance-database.ts";
import { keepingJob } from "./server-job.ts";

/** Lists what restores replaced and kept on a server, and drops the one whose whole name was typed. */
export async function dropReplaced(context: Context, request: DropReplacedRequest): Promise<ReplacedReport> {
  const source = request.server ?? keepingJob(context, request.job, request.drop).source;
  const label = `codex-backup-restore-${context.randomToken(6)}`;
  const { signal, drop } = request;
  const server = await context.postgres.connect(source, maintenanceDatabase, { label, signal });
  try {
    const there = await server.restore.listReplaced();
    if (drop === null) return { kept: there.map(shown), dropped: null };
    const database = await demandReplaced(server, drop, there);
    await server.restore.drop(drop);
    const kept = (await server.restore.listReplaced()).map(shown);
    return { kept, dropped: { name: drop, sizeBytes: database.sizeBytes } };
  } finally {
    await server.close();
  }
}

function shown({ name, sizeBytes, sessions }: ReplacedDatabase): ReplacedReport["kept"][number] {
  const at = replacedAt(name);
  return { name, replacedAt: at === null ? "" : formatInstant(at), sizeBytes, sessions };
}

/** Only what bears the name of a replaced one, is there, and is used by nobody. */
async function demandReplaced(
  server: PostgresServer,
  name: string,
  there: readonly ReplacedDatabase[],
): Promise<ReplacedDatabase> {
  const found = there.find((database) => database.name === name);
  if (found === undefined) {
    const names = there.map((database) => database.name);
    const near = nearest(name, names) ?? names.at(-1);
    const isThere = (await server.listDatabases()).includes(name);
    const seen = isThere ? "it is none that a restore replaced" : "there is no such database";
    const hint =
      near === undefined
        ? "No database of this server was replaced by a restore."
        : `The whole name is needed: ${near}.`;
    throw new Failure("usage.refused", `Cannot drop "${name}": ${seen}`, { hint });
  }
  if (found.sessions === 0) return found;
  throw new Failure("usage.refused", `Cannot drop "${name}": ${found.sessions} sessions use it`, {
    hint: "Look who still needs the old database; end these sessions first.",
  });
}
