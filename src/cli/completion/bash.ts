import { allNodes } from "./all-nodes.ts";
import type { CommandNode } from "./tree.ts";

/** Words that may follow, by the commands typed so far; after an option that takes a value, files. */
export function bashCompletion(tree: CommandNode): string {
  const nodes = allNodes(tree);
  const cases = nodes.map((node) => `    ${quote(node.path.join(" "))}) words=${quote(wordsAfter(node))} ;;`);
  const valued = new Set(
    nodes.flatMap((node) =>
      node.options.filter((option) => option.value === "required").flatMap((option) => option.names),
    ),
  );
  const paths = nodes.filter((node) => node.path.length > 0).map((node) => quote(node.path.join(" ")));
  return `# bash completion for codex-backup; made by: codex-backup completion bash
_codex_backup() {
  local current=\${COMP_WORDS[COMP_CWORD]} typed='' word words index
  COMPREPLY=()
  case \${COMP_WORDS[COMP_CWORD-1]} in
    ${[...valued].join("|")}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case "\${typed:+$typed }$word" in
      ${paths.join("|")}) typed="\${typed:+$typed }$word" ;;
    esac
  done
  case $typed in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _codex_backup codex-backup
`;
}

function wordsAfter({ children, options }: CommandNode): string {
  return [
    ...children.map((child) => child.path.at(-1) ?? ""),
    ...options.flatMap((option) => option.names),
  ].join(" ");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
