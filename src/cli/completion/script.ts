import { bashCompletion } from "./bash.ts";
import { fishCompletion } from "./fish.ts";
import type { CommandNode } from "./tree.ts";
import { zshCompletion } from "./zsh.ts";

export const completionShells = ["bash", "zsh", "fish"] as const;

export type CompletionShell = (typeof completionShells)[number];

const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** A script that completes commands and options; files stay what the shell makes of them. */
export function completionScript(shell: CompletionShell, tree: CommandNode): string {
  return writers[shell](tree);
}
