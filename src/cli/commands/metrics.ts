import type { Command } from "commander";
import { Failure } from "../../domain/failure.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { type Session, withOperations } from "../session.ts";

interface MetricsFlags {
  readonly textfile?: string;
}

/** What stands in the file when nothing could be read: an old file would look like a healthy backup. */
const down = [
  "# HELP codex_backup_up 1: what follows was read from catalog and destinations just now. 0: it could not be read.",
  "# TYPE codex_backup_up gauge",
  "codex_backup_up 0",
  "",
].join("\n");

export function registerMetrics(parent: Command, bind: Bind): void {
  const command = parent
    .command("metrics")
    .description("Jobs, runs, copies and disks in Prometheus' text format.")
    .option(
      "--textfile <path>",
      "write it there in one step, for node_exporter; what cannot be read becomes codex_backup_up 0",
    );
  addExamples(command, [
    ["codex-backup metrics", "look at them"],
    [
      "codex-backup metrics --textfile /var/lib/prometheus/node-exporter/codex-backup.prom",
      "from cron, every few minutes",
    ],
  ]);
  bind<MetricsFlags>(command, (_words, { textfile }) => (session) => {
    return textfile === undefined ? printMetrics(session) : writeMetrics(session, textfile);
  });
}

function printMetrics(session: Session): Promise<ExitStatus> {
  return withOperations(session, "closed", async ({ operations }) => {
    const metrics = await operations.metrics();
    session.screen.answer(metrics, { metrics });
    return 0;
  });
}

async function writeMetrics(session: Session, path: string): Promise<ExitStatus> {
  demandName(path);
  const { tool, screen, io } = session;
  const absolute = path.startsWith("/") ? path : `${io.cwd}/${path}`;
  try {
    return await withOperations(session, "closed", async ({ operations }) => {
      await tool.replacePublicFile(absolute, await operations.metrics());
      screen.document({ path: absolute });
      return 0;
    });
  } catch (error) {
    // Where the file itself cannot be written it was removed; the first error is the one to tell.
    await tool.replacePublicFile(absolute, down).catch(() => undefined);
    throw error;
  }
}

/** node_exporter reads *.prom and nothing else, without a word. */
function demandName(path: string): void {
  if (path.endsWith(".prom")) return;
  throw new Failure("usage.invalid-value", `Cannot use "${path}" for --textfile: it does not end in .prom`, {
    hint: "Name a file that ends in .prom: node_exporter passes over all others.",
  });
}
