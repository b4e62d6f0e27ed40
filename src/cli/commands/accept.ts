import type { Command } from "commander";
import { Failure } from "../../domain/failure.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import type { Operations } from "../../operations/operation.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderMarked } from "../render/marked.ts";
import { type Session, withOperations } from "../session.ts";

interface AcceptFlags {
  readonly why?: string;
  readonly gone?: boolean;
  readonly undo?: boolean;
}

export function registerAccept(parent: Command, bind: Bind): void {
  const command = parent
    .command("accept")
    .description(
      "Says that a suspect backup is as it should be. Pruning goes on, and later ones are compared with it. With --gone: that a backup, a copy or a receipt of a proof that no policy removed may be gone.",
    )
    .argument("<backup>", "its name, or JOB/NAME")
    .option("--why <reason>", "put down beside it; given again, it replaces the earlier one")
    .option("--gone", "what status calls gone of it may be gone; removes nothing")
    .option("--undo", "take an acceptance back: the backup is suspect again");
  addExamples(command, [
    [
      'codex-backup accept codexdb_2026-11-23 --why "old events were purged"',
      "it is what may be expected now",
    ],
    ["codex-backup accept codexdb_2026-11-23 --undo", "it is suspect again"],
    [
      'codex-backup accept database/codexdb_2026-11-23 --gone --why "I made room"',
      "nothing tells of it any more",
    ],
  ]);
  bind<AcceptFlags>(
    command,
    ([backup = ""], flags) =>
      (session) =>
        accept(session, backup, flags),
  );
}

type Accepting = Pick<Operations, "accept" | "unaccept" | "acceptGone">;

/** Which of the three things is asked for. Throws "usage.refused" where the flags say two, or no reason is given. */
function verbOf(backup: string, { why = "", gone = false, undo = false }: AcceptFlags, who: string) {
  if (undo) {
    if (why === "" && !gone)
      return {
        done: "no longer accepted",
        work: (operations: Accepting) => operations.unaccept({ backup, who }),
      } as const;
    throw refused(backup, "--undo stands alone", "Leave --why and --gone out.");
  }
  if (why.trim() === "") throw refused(backup, "no reason is given", "Say why with --why TEXT.");
  const request = { backup, who, why };
  return gone
    ? ({
        done: "accepted as gone",
        work: (operations: Accepting) => operations.acceptGone(request),
      } as const)
    : ({ done: "accepted", work: (operations: Accepting) => operations.accept(request) } as const);
}

function refused(backup: string, seen: string, hint: string): Failure {
  return new Failure("usage.refused", `Cannot accept "${backup}": ${seen}`, { hint });
}

async function accept(session: Session, backup: string, flags: AcceptFlags): Promise<ExitStatus> {
  const { done, work } = verbOf(backup, flags, session.io.userName);
  return withOperations(session, "destinations", async ({ operations }) => {
    const accept = await work(operations);
    session.screen.document({ accept });
    return renderMarked(session.screen, done, accept);
  });
}
