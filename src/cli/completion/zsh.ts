import { allNodes } from "./all-nodes.ts";
import type { CommandNode, OptionFacts } from "./tree.ts";

/** A function for each command; _arguments does the rest. */
export function zshCompletion(tree: CommandNode): string {
  const functions = allNodes(tree).map(functionOf);
  return `#compdef codex-backup
# zsh completion for codex-backup; made by: codex-backup completion zsh
${functions.join("\n")}
compdef _codex_backup codex-backup
`;
}

function nameOf({ path }: CommandNode): string {
  return ["_codex_backup", ...path].join("_");
}

function functionOf(node: CommandNode): string {
  const options = node.options.flatMap(specsOf);
  if (node.children.length === 0) {
    return `${nameOf(node)}() {\n  _arguments -s ${[...options, "'*:file:_files'"].join(" \\\n    ")}\n}`;
  }
  const commands = node.children.map((child) =>
    quote(`${child.path.at(-1)}:${child.summary.replaceAll(":", "\\:")}`),
  );
  const calls = node.children.map((child) => `        ${child.path.at(-1)}) ${nameOf(child)} ;;`);
  return `${nameOf(node)}() {
  local line state
  local -a commands
  commands=(${commands.join(" \\\n    ")})
  _arguments -s -C ${[...options, "'1: :->command'", "'*::argument:->argument'"].join(" \\\n    ")}
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
${calls.join("\n")}
      esac ;;
  esac
}`;
}

/** One for each spelling: "--job[only of this job]:value:_files". */
function specsOf({ names, summary, value }: OptionFacts): readonly string[] {
  const text = summary.replaceAll("[", "(").replaceAll("]", ")").replaceAll(":", "\\:");
  const given = value === "required" ? ":value:_files" : "";
  return names.map((name) => quote(`${name}[${text}]${given}`));
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
