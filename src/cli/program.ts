import { Command, Option } from "commander";
import { addExamples, type Bind, type Register, type Shell } from "./command.ts";
import { registerAccept } from "./commands/accept.ts";
import { registerAdopt } from "./commands/adopt.ts";
import { registerAlerts } from "./commands/alerts.ts";
import { registerCatalog } from "./commands/catalog.ts";
import { registerCheck } from "./commands/check.ts";
import { registerChecksums } from "./commands/checksums.ts";
import { registerCompletion } from "./commands/completion.ts";
import { registerConfig } from "./commands/config.ts";
import { registerCopy } from "./commands/copy.ts";
import { registerDemo } from "./commands/demo.ts";
import { registerDestination } from "./commands/destination.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerHold } from "./commands/hold.ts";
import { registerInit } from "./commands/init.ts";
import { registerKeys } from "./commands/keys.ts";
import { registerList } from "./commands/list.ts";
import { registerLogs } from "./commands/logs.ts";
import { registerMetrics } from "./commands/metrics.ts";
import { registerProve } from "./commands/prove.ts";
import { registerPrune } from "./commands/prune.ts";
import { registerRelease } from "./commands/release.ts";
import { registerRestore } from "./commands/restore.ts";
import { registerRun } from "./commands/run.ts";
import { registerSchedule } from "./commands/schedule.ts";
import { registerServe } from "./commands/serve.ts";
import { registerShow } from "./commands/show.ts";
import { registerSimulate } from "./commands/simulate.ts";
import { registerStatus } from "./commands/status.ts";
import { registerToken } from "./commands/token.ts";
import { registerVerify } from "./commands/verify.ts";
import { registerWatch } from "./commands/watch.ts";
import { globalFlagsOf, globalOptions, type ParsedGlobals } from "./global-flags.ts";

/** In the order of the help. */
const groups: readonly (readonly [heading: string, commands: readonly Register[]])[] = [
  ["Every day:", [registerStatus, registerRun, registerList, registerShow, registerLogs]],
  ["Unattended:", [registerSchedule, registerServe]],
  ["Trust and restore:", [registerVerify, registerProve, registerRestore, registerChecksums]],
  [
    "What is kept:",
    [
      registerPrune,
      registerCopy,
      registerSimulate,
      registerHold,
      registerRelease,
      registerAccept,
      registerAdopt,
    ],
  ],
  ["Watch:", [registerCheck, registerWatch, registerAlerts, registerMetrics, registerToken]],
  [
    "Set up and mend:",
    [
      registerDoctor,
      registerInit,
      registerConfig,
      registerDestination,
      registerCatalog,
      registerKeys,
      registerCompletion,
      registerDemo,
    ],
  ],
];

const examples = [
  ["codex-backup init --preset codex", "write a config to start from"],
  ["codex-backup run database", "run one job now"],
  ["codex-backup status", "is every job well?"],
  ["codex-backup restore codexdb_2026-11-23 --to codexdb_test", "into a new database"],
] as const;

/** The whole tree of commands. It prints nothing and ends nothing: the shell hears of everything. */
export function createProgram(shell: Shell): Command {
  const program = new Command("codex-backup")
    .description("Backups of PostgreSQL databases and directories, each of them read back and checked.")
    .version(shell.version, "-V, --version", "the version")
    .helpOption("-h, --help", "this help")
    .exitOverride()
    .configureOutput({
      writeOut: shell.say,
      writeErr: shell.say,
      outputError: () => {},
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .configureHelp({ showGlobalOptions: true, subcommandDescription: firstSentence });
  for (const [flags, description] of Object.values(globalOptions))
    program.addOption(new Option(flags, description));
  const bind: Bind = (command, act) => {
    command.action(() =>
      shell.on(globalFlagsOf(program.opts<ParsedGlobals>()), act(command.args, command.opts())),
    );
  };
  for (const [heading, commands] of groups) {
    program.commandsGroup(heading);
    for (const register of commands) register(program, bind);
  }
  program.helpCommand("help [command]", "Help for a command."); // last: it joins the group at hand
  return addExamples(program, examples);
}

/** The list of commands is read at a glance; the rest stands in each one's own help. */
function firstSentence(command: Command): string {
  return command.description().replace(/(?<=\.) .*$/s, "");
}
