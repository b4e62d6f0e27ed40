import { allNodes } from "./all-nodes.ts";
import type { CommandNode, OptionFacts } from "./tree.ts";

/** One `complete` line for each word that may follow. */
export function fishCompletion(tree: CommandNode): string {
  const lines = allNodes(tree).flatMap((node) => [
    ...node.children.map(
      (child) =>
        `complete -c codex-backup -f -n ${quote(conditionOf(node))} -a ${child.path.at(-1)} -d ${quote(child.summary)}`,
    ),
    ...node.options.map((option) => optionLine(node, option)),
  ]);
  return `# fish completion for codex-backup; made by: codex-backup completion fish\n${lines.join("\n")}\n`;
}

/** True where this command, and none below it, was typed. */
function conditionOf({ path, children }: CommandNode): string {
  const below = children.map((child) => child.path.at(-1)).join(" ");
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const unseen = children.length === 0 ? [] : [`not __fish_seen_subcommand_from ${below}`];
  return [...seen, ...unseen].join("; and ") || "true";
}

function optionLine(node: CommandNode, { names, summary, value }: OptionFacts): string {
  const spellings = names.map((name) =>
    name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  const rest = value === "required" ? " -r" : "";
  return `complete -c codex-backup -n ${quote(conditionOf(node))} ${spellings.join(" ")}${rest} -d ${quote(summary)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
