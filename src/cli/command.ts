import type { Command, OptionValues } from "commander";
import type { ExitStatus } from "../domain/outcome.ts";
import type { GlobalFlags } from "./global-flags.ts";
import type { Session } from "./session.ts";

/** What a command does with its flags, once they are read. */
export type Act = (session: Session) => Promise<ExitStatus>;

/** What the commands are registered with. */
export interface Shell {
  readonly version: string;
  /** Takes what the parser prints: help and its own errors. */
  readonly say: (text: string) => void;
  /** Runs the command that was chosen. */
  readonly on: (flags: GlobalFlags, act: Act) => Promise<void>;
}

/** Registers one command. */
export type Register = (parent: Command, bind: Bind) => void;

/** Joins a command to what it does; called when it was chosen, with its words and options. */
export type Bind = <Options extends OptionValues>(
  command: Command,
  act: (words: readonly string[], options: Options) => Act,
) => void;

/** Lines under the help of a command: what to type, and what that does. */
export function addExamples(
  command: Command,
  examples: readonly (readonly [line: string, meaning: string])[],
): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, meaning]) => `  ${line.padEnd(width)}  ${meaning}`.trimEnd());
  return command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}
