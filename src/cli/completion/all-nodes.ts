import type { CommandNode } from "./tree.ts";

/** The tree and everything under it. */
export function allNodes(node: CommandNode): readonly CommandNode[] {
  return [node, ...node.children.flatMap(allNodes)];
}
