import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { type CompletionShell, completionScript, completionShells } from "../completion/script.ts";
import { describeTree } from "../completion/tree.ts";
import type { Session } from "../session.ts";
import { choiceOf } from "../values.ts";

export function registerCompletion(parent: Command, bind: Bind): void {
  const command = parent
    .command("completion")
    .description("Prints a completion script for your shell.")
    .argument("<shell>", completionShells.join(", "));
  addExamples(command, [
    ["codex-backup completion bash > /etc/bash_completion.d/codex-backup", "from the next shell on"],
  ]);
  bind(
    command,
    ([word = ""]) =>
      (session) =>
        complete(session, parent, choiceOf("the shell", completionShells)(word)),
  );
}

async function complete({ screen }: Session, program: Command, shell: CompletionShell): Promise<ExitStatus> {
  const script = completionScript(shell, describeTree(program));
  screen.answer(script, { script });
  return 0;
}
