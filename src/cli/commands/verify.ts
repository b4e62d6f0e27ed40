import { type Command, Option } from "commander";
import type { VerifyReport } from "../../domain/backups/verify-report.ts";
import { budgetShortfall } from "../../domain/copies/reading-words.ts";
import { Failure } from "../../domain/failure.ts";
import { combineExitStatuses, type ExitStatus } from "../../domain/outcome.ts";
import type { VerifyLevel } from "../../operations/operation.ts";
import { addExamples, type Bind } from "../command.ts";
import { givenPath } from "../given-path.ts";
import { renderChecks } from "../render/checks.ts";
import { describeReading } from "../render/reading.ts";
import { renderSignatures } from "../render/signatures.ts";
import { type Session, withOperations } from "../session.ts";
import { budgetOf, choiceOf, durationOf } from "../values.ts";

interface VerifyFlags {
  readonly signatures?: boolean;
  readonly job?: string | null;
  readonly level: VerifyLevel;
  readonly since?: number | null;
  readonly identity?: string | null;
  readonly budget?: number | null;
}

const levels: readonly VerifyLevel[] = ["stored", "hashed", "read"];

export function registerVerify(parent: Command, bind: Bind): void {
  const command = parent
    .command("verify")
    .description(
      "Checks copies again, without a server: there, same hash, readable to the end. Damage ends with 4.",
    )
    .argument("[backup...]", "names, or JOB/NAME; none means all")
    .option("--level <level>", "how far: stored, hashed or read", choiceOf("--level", levels), "hashed")
    .option("--since <time>", "only backups made within this time, such as 7d", durationOf("--since"))
    .addOption(
      new Option(
        "--identity <file>",
        "the secret key of encrypted backups, which are then decrypted and read (--level read)",
      ).implies({ level: "read" }),
    )
    .addOption(
      new Option(
        "--budget <size>",
        "only so much on a day, such as 2GB/day: the copies that were read longest ago; what was read today counts",
      )
        .argParser(budgetOf("--budget"))
        .conflicts(["since", "signatures"]),
    )
    .addOption(
      new Option(
        "--signatures",
        "signatures and chain instead: what was changed, and what is missing",
      ).conflicts("since"),
    )
    .option("--job <job>", "with --signatures: only this job's");
  addExamples(command, [
    ["codex-backup verify", "every copy: same bytes as when it was made?"],
    ["codex-backup verify --since 7d --level read", "the newest ones, decoded to their end"],
    ["codex-backup verify --budget 2GB/day", "a part of them each day, longest unread first"],
    ["codex-backup verify --signatures", "was any backup changed, exchanged or removed by hand?"],
  ]);
  bind<VerifyFlags>(command, (words, flags) => (session) => {
    if (flags.signatures === true) return verifySignatures(session, words, flags.job ?? null);
    if (typeof flags.budget === "number")
      return verifyInTurn(session, words, { ...flags, budget: flags.budget });
    return verify(session, words, flags);
  });
}

function verify(
  session: Session,
  backups: readonly string[],
  { level, since = null, job = null, identity = null }: VerifyFlags,
): Promise<ExitStatus> {
  const { screen, io } = session;
  if (job !== null)
    throw new Failure("usage.invalid-value", `Cannot verify --job ${job}: it goes with --signatures`, {
      hint: "Name the backups, or leave it out.",
    });
  // Archives of the custom format are read by the client programs, so secrets may be needed.
  return withOperations(session, level === "read" ? "open" : "destinations", async ({ operations }) => {
    const wish = { backups, level, sinceMs: since, identity: givenPath(io, identity), signal: io.signal };
    const checks = await operations.verify(wish);
    screen.document({ checks });
    screen.print(() => renderChecks(checks, screen.paint));
    for (const check of checks) complainOf(session, check);
    if (checks.length > 0) return combineExitStatuses(checks.map((check) => check.exit));
    screen.complain("Nothing was checked: no backup is that new, or there is none.");
    return 3; // a check that checked nothing is never ok
  });
}

function verifySignatures(
  session: Session,
  backups: readonly string[],
  job: string | null,
): Promise<ExitStatus> {
  const { screen, io } = session;
  return withOperations(session, "destinations", async ({ operations }) => {
    const signatures = await operations.verifySignatures({ backups, job, signal: io.signal });
    screen.document({ signatures });
    screen.print(() => renderSignatures(signatures, screen.paint));
    for (const { backup, destination, findings, failure } of signatures) {
      for (const { message } of findings) screen.complain(`${backup} at ${destination}: ${message}`);
      if (findings.length === 0 && failure !== null) screen.complain(`${destination}: ${failure.message}`);
    }
    const isAnyRead = signatures.some(({ outcome }) => outcome !== "unsigned");
    if (isAnyRead) return combineExitStatuses(signatures.map(({ exit }) => exit));
    screen.complain("No signature was checked: none of these backups is signed, or there is none.");
    return 3; // a check that checked nothing is never ok
  });
}

/** The copies are chosen by their turn alone. */
function verifyInTurn(
  session: Session,
  words: readonly string[],
  { level, identity = null, budget: budgetBytes }: VerifyFlags & { readonly budget: number },
): Promise<ExitStatus> {
  const { screen, io } = session;
  if (words.length > 0)
    throw new Failure(
      "usage.invalid-value",
      "Cannot verify named backups with --budget: it takes those whose turn it is",
      {
        hint: "Leave the names or --budget out.",
      },
    );
  return withOperations(session, level === "read" ? "open" : "closed", async ({ operations }) => {
    const wish = { budgetBytes, level, identity: givenPath(io, identity), signal: io.signal };
    const { checks, reading } = await operations.verifyInTurn(wish);
    screen.document({ checks, reading });
    screen.print(() => renderChecks(checks, screen.paint));
    screen.print(describeReading(reading, { now: session.tool.now() }));
    for (const check of checks) complainOf(session, check);
    const short = budgetShortfall(reading);
    if (short !== null) screen.complain(short);
    return combineExitStatuses(checks.map((check) => check.exit));
  });
}

function complainOf({ screen }: Session, check: VerifyReport): void {
  const { backup, destination, differences, warnings, failure } = check;
  const lines = differences.length > 0 ? differences : failure === null ? [] : [failure.message];
  for (const line of [...lines, ...warnings]) screen.complain(`${backup} at ${destination}: ${line}`);
}
