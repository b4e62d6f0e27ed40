import type { Prompt } from "../cli/cli.ts";
import { Failure } from "../domain/failure.ts";

/** Questions by @clack/prompts, which is loaded when the first one is asked. */
export function createPrompt(): Prompt {
  const load = () => import("@clack/prompts");
  return {
    async select(question, choices) {
      const { select } = await load();
      const options = choices.map((choice) => ({ ...choice }));
      const answer = await select<string>({ message: question, options });
      return typeof answer === "string" ? answer : giveUp();
    },
    async text(question, { initial = "", findProblem }) {
      const { text } = await load();
      const validate = (typed: string | undefined) => findProblem?.(typed || initial) ?? undefined;
      const answer = await text({ message: question, validate, placeholder: initial, defaultValue: initial });
      return typeof answer === "string" ? answer : giveUp();
    },
    async confirm(question) {
      const { confirm } = await load();
      const answer = await confirm({ message: question });
      return typeof answer === "boolean" ? answer : giveUp();
    },
  };
}

/** The answer is a symbol when the person pressed Ctrl-C or Escape. */
function giveUp(): never {
  throw new Failure("run.cancelled", "Cannot go on: the question was not answered", {
    hint: "Run it again, or give the options that --help shows.",
  });
}
