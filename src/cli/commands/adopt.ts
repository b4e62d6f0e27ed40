import { resolve } from "node:path";
import type { Command } from "commander";
import { combineExitStatuses, type ExitStatus } from "../../domain/outcome.ts";
import { describeCount } from "../../domain/plain-words.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderColumns } from "../render/columns.ts";
import { type Session, withOperations } from "../session.ts";

interface AdoptFlags {
  readonly job: string;
  readonly pattern?: string | null;
}

export function registerAdopt(parent: Command, bind: Bind): void {
  const command = parent
    .command("adopt")
    .description(
      "Describes dumps and zips that were made before us, so that they are listed, verified and pruned.",
    )
    .argument("<directory>", "a destination of the job")
    .requiredOption("--job <job>", "the job that they belong to")
    .option("--pattern <glob>", "files of such names, instead of those that fit the job's name template");
  addExamples(command, [
    ["codex-backup adopt /backups --job database", "the dumps of the old cron line"],
    ["codex-backup adopt /replays --job capsule --pattern 'replay_*.zip'", "the zips of an old script"],
  ]);
  bind<AdoptFlags>(
    command,
    ([directory = ""], flags) =>
      (session) =>
        adopt(session, directory, flags),
  );
}

/** Exit 3 when a file was left out, 1 when one could not be looked at: each is listed with the reason. */
function adopt(
  session: Session,
  directory: string,
  { job, pattern = null }: AdoptFlags,
): Promise<ExitStatus> {
  const { screen, io } = session;
  return withOperations(session, "open", async ({ operations }) => {
    const files = await operations.adopt({
      directory: resolve(io.cwd, directory),
      job,
      pattern,
      signal: io.signal,
    });
    screen.document({ files });
    const adopted = files.filter((file) => file.isAdopted);
    screen.print(
      renderColumns(
        adopted.map(({ file, backup, createdAt }) => [file, `is now ${backup}`, `made ${createdAt}`]),
      ),
    );
    screen.print(
      files.length === 0
        ? "Nothing to adopt: every dump or zip here is described already."
        : `${describeCount(adopted.length, "file")} adopted.`,
    );
    for (const { file, reason, failure } of files.filter((one) => one.reason !== null)) {
      screen.complain(failure === null ? `Not adopted: ${file}: ${reason}` : `Failed: ${file}: ${reason}`);
      if (failure?.hint) screen.complain(`  ${failure.hint}`);
    }
    return combineExitStatuses(files.map((one) => one.exit));
  });
}
