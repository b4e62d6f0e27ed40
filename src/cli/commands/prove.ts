import type { Command } from "commander";
import { parseDuration } from "../../domain/duration.ts";
import { Failure } from "../../domain/failure.ts";
import type { ThrowawayChoice } from "../../domain/jobs/prove-settings.ts";
import { parseThrowaway, throwawayForms } from "../../domain/jobs/throwaway-text.ts";
import { combineExitStatuses, type ExitStatus, exitStatusOf } from "../../domain/outcome.ts";
import type { ProofReport } from "../../domain/proofs/proof-report.ts";
import type { ProveOptions } from "../../operations/operation.ts";
import { addExamples, type Bind } from "../command.ts";
import { givenPath } from "../given-path.ts";
import { renderFailure } from "../render/failure.ts";
import { renderProof } from "../render/proof.ts";
import { type Session, withOperations } from "../session.ts";

interface ProveFlags {
  readonly job?: string;
  readonly latest?: boolean;
  readonly all?: boolean;
  readonly destination?: string;
  readonly identity?: string;
  readonly server?: ThrowawayChoice;
  readonly wait?: string | true;
}

export function registerProve(parent: Command, bind: Bind): void {
  const command = parent
    .command("prove")
    .description(
      "Restores backups into a throwaway server and compares what that dumps back. A capsule is extracted and every file compared. The receipt is laid beside the copy. A difference, or an assertion that is not true, ends with 4.",
    )
    .argument("[backup...]", "names, or JOB/NAME")
    .option(
      "--job <job>",
      "backups of this job: the newest good one of each database, or with --all every one",
    )
    .option("--latest", "the newest good backup of each database")
    .option("--all", "every good backup")
    .option("--destination <name>", "the copy there (default: the one that a restore would take)")
    .option("--identity <file>", "opens encrypted backups: a file as age-keygen writes it")
    .option("--server <where>", `where to restore: ${throwawayForms} (default: as the job says)`, readServer)
    .option("--wait [time]", "wait for another proof on this host: --wait=10m, or as long as it takes");
  addExamples(command, [
    ["codex-backup prove --latest", "the newest backup of every job"],
    ["codex-backup prove codexdb_2026-11-23 --destination offsite", "the copy that lies there"],
    ["codex-backup prove --job database --server docker:postgres:15", "in a container of this image"],
    [
      "codex-backup prove --latest --identity /media/safe/identity.txt",
      "the key drill: with the key from the safe",
    ],
  ]);
  bind<ProveFlags>(command, (words, flags) => (session) => prove(session, words, flags));
}

function readServer(text: string): ThrowawayChoice {
  const choice = parseThrowaway(text);
  if (choice !== null) return choice;
  throw new Failure("usage.invalid-value", `Cannot use "${text}" for --server: it is not ${throwawayForms}`, {
    hint: `Give --server ${throwawayForms}.`,
  });
}

function prove(session: Session, words: readonly string[], flags: ProveFlags): Promise<ExitStatus> {
  const { screen, io } = session;
  return withOperations(session, "open", async ({ operations }) => {
    const onProof = (report: ProofReport) => tell(session, report);
    const proofs = await operations.prove({
      ...optionsOf(words, flags),
      identityFile: givenPath(io, flags.identity ?? null),
      signal: io.signal,
      onProof,
    });
    screen.document({ proofs });
    return combineExitStatuses([
      ...proofs.map(({ exit }) => exit),
      ...(io.signal.aborted ? [exitStatusOf(io.signal.reason)] : []),
    ]);
  });
}

/** "--wait NAME" means to wait and to prove NAME: a time has a unit, so the two are told apart. */
function optionsOf(
  words: readonly string[],
  flags: ProveFlags,
): Omit<ProveOptions, "signal" | "onProof" | "identityFile"> {
  const { job = null, latest = false, all = false, destination = null, wait } = flags;
  const waitMs = typeof wait === "string" ? parseDuration(wait) : null;
  const isName = typeof wait === "string" && waitMs === null;
  return {
    ...{ job, latest, all, destination },
    backups: isName ? [wait, ...words] : words,
    server: flags.server ?? null,
    waitMs: wait === undefined ? 0 : (waitMs ?? Number.POSITIVE_INFINITY),
  };
}

function tell({ screen }: Session, report: ProofReport): void {
  const { failure, warnings } = report;
  screen.print(renderProof(report, screen.paint));
  for (const warning of warnings) screen.warn(`  ${warning}`);
  if (failure !== null) screen.complain(renderFailure(failure, screen.errorPaint));
}
