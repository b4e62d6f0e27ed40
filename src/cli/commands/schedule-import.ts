import { resolve } from "node:path";
import type { Command } from "commander";
import type { CrontabImport } from "../../config/config.ts";
import { Failure } from "../../domain/failure.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderImport } from "../render/import.ts";
import type { Session } from "../session.ts";

interface ImportFlags {
  readonly output?: string;
  readonly timezone?: string;
}

export function registerImport(parent: Command, bind: Bind): void {
  const command = parent
    .command("import")
    .description(
      "Turns a crontab's pg_dump, zip, sha256sum and find lines into a config, and says line by line what it could not take over. Ends with 3 when something was left out.",
    )
    .argument("<cronfile>", "such as /etc/cron.d/codex-backup, or what crontab -l printed")
    .option("--output <file>", "where to write the config (default: it is printed)")
    .option("--timezone <zone>", "of the times (default: this host's)");
  addExamples(command, [
    ["codex-backup schedule import /etc/cron.d/codex-backup --output codex-backup.yaml", "then look at it"],
  ]);
  bind<ImportFlags>(
    command,
    ([file = ""], flags) =>
      (session) =>
        importFile(session, file, flags),
  );
}

async function importFile(session: Session, file: string, flags: ImportFlags): Promise<ExitStatus> {
  const { io, screen, tool } = session;
  const path = resolve(io.cwd, file);
  const text = await tool.readText(path);
  const imported = (await tool.configLoader()).importCrontab(text, flags.timezone ?? tool.hostTimezone());
  if (imported.yaml === null) {
    screen.complain(renderImport(imported.lines));
    throw new Failure(
      "usage.refused",
      `Cannot take anything over from "${path}": no line of it is a backup`,
      {
        hint: "Start with codex-backup init instead.",
      },
    );
  }
  await show(session, { ...imported, yaml: imported.yaml }, flags.output);
  return imported.lines.some(({ outcome }) => outcome === "left out") ? 3 : 0;
}

async function show(
  { io, screen, tool }: Session,
  { yaml, lines }: CrontabImport & { readonly yaml: string },
  output: string | undefined,
): Promise<void> {
  if (output === undefined) {
    screen.warn(renderImport(lines));
    screen.answer(yaml, { path: null, config: yaml, lines });
    return;
  }
  const path = resolve(io.cwd, output);
  await tool.createFile(path, yaml);
  screen.document({ path, config: yaml, lines });
  screen.print(renderImport(lines));
  screen.print(`Wrote ${path}. Next:\n  codex-backup --config ${path} config check`);
}
