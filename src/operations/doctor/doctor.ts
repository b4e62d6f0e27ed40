import { judgeRan } from "../../domain/doctor/checks/command.ts";
import { type Diagnosis, diagnose, exitOfFindings, findingOf } from "../../domain/doctor/finding.ts";
import { Failure, messageOf } from "../../domain/failure.ts";
import { sleep } from "../../platform/clock.ts";
import { jobNamed } from "../context.ts";
import type { DoctorReport } from "../operation.ts";
import { run } from "../run/run.ts";
import { type Check, checksOf } from "./checks.ts";
import { mend } from "./remedies.ts";
import type { DoctorScene } from "./scene.ts";

export interface Examination {
  readonly fix: boolean;
  /** A command job to run once, for real; null: none. */
  readonly run: string | null;
  readonly signal: AbortSignal;
}

const checkLimitMs = 10_000;
/** A directory that was just made is then found unmarked, and a marked one open. */
const mostFixes = 3;

/**
 * What would fail tonight: all checks at once, each within its time; one that breaks off is told and stops no other.
 * With `fix`, what can be mended safely is, and looked at again.
 */
export async function examine(scene: DoctorScene, examination: Examination): Promise<DoctorReport> {
  const ran = examination.run === null ? [] : [await runOnce(scene, examination.run, examination.signal)];
  const findings = [...(await lookAtAll(scene, examination)), ...ran].map(findingOf);
  return { findings, exit: exitOfFindings(findings) };
}

/** At once; but one after the other while things are mended, so that later checks see them mended. */
async function lookAtAll(scene: DoctorScene, examination: Examination): Promise<readonly Diagnosis[]> {
  const checks = checksOf(scene);
  if (!examination.fix)
    return (await Promise.all(checks.map((check) => settle(scene, check, examination)))).flat();
  const found: Diagnosis[] = [];
  for (const check of checks) found.push(...(await settle(scene, check, examination)));
  return found;
}

/** Looks, mends, and looks again, as long as there was something to mend. */
async function settle(
  scene: DoctorScene,
  check: Check,
  examination: Examination,
): Promise<readonly Diagnosis[]> {
  const mended: Diagnosis[] = [];
  for (let round = 0; ; round++) {
    const found = await inTime(scene, check, examination.signal);
    const isMendable = examination.fix && round < mostFixes && found.some(({ remedy }) => remedy !== null);
    if (!isMendable) return [...mended, ...found];
    const after = [];
    for (const one of found) after.push(await mend(scene, one));
    if (after.some((one) => one.remedy === null && !found.includes(one))) return [...mended, ...after]; // it would fail again
    mended.push(...after.filter(({ isFixed }) => isFixed));
  }
}

/** One check with its own end; the outer one's reason is thrown on. */
async function inTime(
  { context }: DoctorScene,
  check: Check,
  outer: AbortSignal,
): Promise<readonly Diagnosis[]> {
  const limit = new AbortController();
  const late = `it did not end within ${checkLimitMs / 1000} s`;
  const timer = new AbortController();
  const timeout = sleep(context.clock, checkLimitMs, timer.signal).then(
    () => {
      limit.abort(new Failure("run.timeout", `Cannot look at ${check.subject}: ${late}`));
      return [
        diagnose("doctor.timed-out", check.subject, `the check "${check.name}" of ${check.subject}: ${late}`),
      ];
    },
    () => [], // the check was quicker
  );
  try {
    const work = Promise.resolve().then(() => check.run(AbortSignal.any([limit.signal, outer])));
    return await Promise.race([work, timeout, untilAborted(outer)]);
  } catch (error) {
    outer.throwIfAborted();
    return [
      diagnose(
        "doctor.not-done",
        check.subject,
        `the check "${check.name}" of ${check.subject} broke off: ${messageOf(error)}`,
      ),
    ];
  } finally {
    timer.abort();
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** For real, under its lock and into its log: only so the words of a failing script come to light. */
async function runOnce({ context }: DoctorScene, name: string, signal: AbortSignal): Promise<Diagnosis> {
  const job = jobNamed(context, name);
  if (job.kind !== "command") {
    throw new Failure("usage.refused", `Cannot try out "${name}": it is a ${job.kind} job`, {
      hint: `Run it with codex-backup run ${name}.`,
    });
  }
  const [report] = await run(context, { jobs: [name], all: false, waitMs: 0, slot: null, signal });
  return judgeRan(name, report?.failure ?? null);
}
