import { type Command, CommanderError } from "commander";
import { Failure } from "../domain/failure.ts";

/** What the parser's way of ending means: it throws also for --help and --version. */
export type UsageOutcome =
  | { readonly kind: "version" }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "failure"; readonly failure: Failure };

/** Whether the parser threw it, also to say that it has printed help or the version. */
export function isUsageError(thrown: unknown): thrown is CommanderError {
  return thrown instanceof CommanderError;
}

export interface UsageFacts {
  readonly program: Command;
  readonly argv: readonly string[];
  /** What the parser wanted to print. */
  readonly said: readonly string[];
}

export function outcomeOfUsage(error: CommanderError, { program, argv, said }: UsageFacts): UsageOutcome {
  if (error.code === "commander.version") return { kind: "version" };
  // Asked for, as "help" or "--help": nothing is wrong then.
  if (error.exitCode === 0) return { kind: "help", text: said.join("") };
  const command = commandMeant(program, argv);
  // A group without its command, or nothing at all: the parser shows the help, we say what is missing.
  const failure = error.code === "commander.help" ? unfinished(command) : wrong(error.message, command);
  return { kind: "failure", failure };
}

/** The deepest command that the line names. */
export function commandMeant(program: Command, argv: readonly string[]): Command {
  let found = program;
  for (const word of argv) found = found.commands.find((child) => child.name() === word) ?? found;
  return found;
}

function unfinished(command: Command): Failure {
  const names = command.commands.map((child) => child.name()).join(", ");
  return new Failure("usage.unknown-option", `Cannot run "${fullName(command)}": it needs a command`, {
    hint: `Give one of: ${names}; or see ${fullName(command)} --help.`,
  });
}

/** "error: unknown option '--jbo'\n(Did you mean --job?)" in our own form. */
function wrong(message: string, command: Command): Failure {
  const [first = "", ...rest] = message.split("\n");
  const seen = first
    .replace(/^error: /, "")
    .replaceAll("'", '"')
    .replace(". Expected", ", expected");
  const suggestion = /\((Did you mean .*\?)\)/.exec(rest.join(" "))?.[1];
  return new Failure(
    "usage.unknown-option",
    `Cannot run "${fullName(command)}": ${seen.replace(/\.$/, "")}`,
    {
      hint: suggestion ?? `See ${fullName(command)} --help.`,
    },
  );
}

/** "codex-backup config check" */
function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
