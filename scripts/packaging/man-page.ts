import type { Command } from "commander";
import { createProgram } from "../../src/cli/program.ts";

/** codex-backup(1) as roff, from the tree of commands that parses what is typed. */
export function formatManPage(version: string): string {
  const program = createProgram({ version, say: () => undefined, on: async () => undefined });
  const commands = [program, ...descendants(program)];
  return [
    `.TH CODEX-BACKUP 1 "" "codex-backup ${version}" "System administration"`,
    ".SH NAME\ncodex-backup \\- backups of PostgreSQL and directories that are read back and checked",
    ".SH SYNOPSIS\n.B codex-backup\n[\\fIoptions\\fR] \\fIcommand\\fR",
    ".SH DESCRIPTION",
    ...commands.map((command) => `.SS ${roffOf(nameOf(command))}\n.nf\n${roffOf(helpOf(command))}\n.fi`),
    `.SH FILES\n.TP\n.I /etc/codex-backup/config.yaml\nThe config, when neither \\-\\-config, CODEX_BACKUP_CONFIG nor ./codex\\-backup.yaml names one.`,
    ".TP\n.I /var/lib/codex-backup\nThe usual state: catalog and logs. The truth about a backup lies beside it.",
    ".SH EXIT STATUS\n0 ok, 1 failed, 2 bad usage or config, 3 finished but incomplete, 4 damage found, 5 busy, 6 stale, 130 or 143 interrupted.",
    "",
  ].join("\n");
}

function descendants(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

function helpOf(command: Command): string {
  let text = "";
  command.configureHelp({ showGlobalOptions: false });
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 78,
  });
  command.outputHelp();
  return text.trimEnd();
}

/** A backslash, a hyphen and a line that begins with a dot or a quote mean something else to roff. */
function roffOf(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1");
}
