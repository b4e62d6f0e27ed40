import type { Command } from "commander";

/** One command of the tree, with all that may be typed after it. */
export interface CommandNode {
  /** Words after the program's name; empty for the program itself. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly children: readonly CommandNode[];
  /** Its own and those that every command takes. */
  readonly options: readonly OptionFacts[];
  readonly arguments: readonly {
    readonly name: string;
    readonly isMany: boolean;
    readonly isRequired: boolean;
  }[];
}

export interface OptionFacts {
  /** "-f", "--follow". */
  readonly names: readonly string[];
  readonly summary: string;
  readonly value: "none" | "optional" | "required";
}

/** The tree of commands as plain facts, for completion scripts and for checking what documents say. */
export function describeTree(program: Command): CommandNode {
  return nodeOf(program, []);
}

function nodeOf(command: Command, path: readonly string[]): CommandNode {
  return {
    path,
    summary: command.description(),
    children: command.commands.map((child) => nodeOf(child, [...path, child.name()])),
    options: optionsOf(command),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      isMany: argument.variadic,
      isRequired: argument.required,
    })),
  };
}

function optionsOf(command: Command): readonly OptionFacts[] {
  const inherited = command.parent === null ? [] : optionsOf(command.parent);
  const own = command.options
    .filter((option) => !option.hidden)
    .map((option) => ({
      names: [option.short, option.long].filter((name) => name !== undefined && name !== null),
      summary: option.description,
      value: option.required
        ? ("required" as const)
        : option.optional
          ? ("optional" as const)
          : ("none" as const),
    }));
  const help = { names: ["-h", "--help"], summary: "help for this command", value: "none" as const };
  const isShown = (option: OptionFacts) =>
    !option.names.includes("--help") && !(command.parent !== null && option.names.includes("--version"));
  return [...own, ...inherited].filter(isShown).concat(help);
}
