import { finished } from "node:stream/promises";
import { errnoOf, Failure } from "../domain/failure.ts";
import { type ChildEnd, describeEnd, startChild } from "../platform/child.ts";
import { doing, type Target } from "./delivery-failure.ts";

/** A program that takes a message on its stdin. */
export interface Mailer {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly input: string | Buffer;
  readonly target: Target;
  /** Exit statuses, beside 75, that another attempt may not see again. */
  readonly temporary: readonly number[];
}

/** As sysexits(3) has it: the message may be given again later. */
const tryLater = 75;

/**
 * Resolves when the program has ended with 0. Its output is never repeated: nobody knows what it prints.
 * Throws as Channel.deliver does; when the signal is aborted, the program and what it started are ended.
 */
export async function runMailer(mailer: Mailer, signal: AbortSignal): Promise<void> {
  const end = await runToEnd(mailer, signal);
  if (end.kind === "exited" && end.code === 0) return;
  const isTemporary = end.kind === "signalled" || [tryLater, ...mailer.temporary].includes(end.code);
  const message = `${doing(mailer.target)}: ${mailer.target.place} ended with ${describeEnd(end)}`;
  throw new Failure(isTemporary ? "alerts.unreachable" : "alerts.refused", message, {
    hint: "Run the program by hand to see what it says.",
  });
}

async function runToEnd({ argv, env, input, target }: Mailer, signal: AbortSignal): Promise<ChildEnd> {
  const [program = "", ...args] = argv;
  const child = await startChild({ program, args, env, cwd: "/", stdin: "pipe", pipeGraceMs: 1000 }).catch(
    (error: unknown) => {
      const seen = error instanceof Failure ? error.context.errno : errnoOf(error);
      throw new Failure("alerts.refused", `${doing(target)}: ${target.place} cannot be started: ${seen}`, {
        hint: "Install the program, or correct its path in the config.",
      });
    },
  );
  const kill = () => child.kill(500);
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  try {
    child.stdin?.end(input);
    // A program that ends before it has read everything is judged by its exit status.
    if (child.stdin) await Promise.race([finished(child.stdin).catch(() => null), child.ended]);
    const end = await child.ended;
    signal.throwIfAborted();
    return end;
  } finally {
    signal.removeEventListener("abort", kill);
  }
}
