import {
  type CheckLimits,
  type CheckState,
  type CheckVerdict,
  judgeJob,
  worstState,
} from "../../domain/health/check-verdict.ts";
import type { JobStatus, StatusReport } from "../../domain/health/status-report.ts";
import { leavesBackups } from "../../domain/jobs/job.ts";
import { describeAge } from "../../domain/plain-words.ts";

/** What a plugin says, before it is one line. */
export interface CheckLine {
  readonly state: CheckState;
  readonly words: readonly string[];
  /** Performance data, `'label'=value;warning;critical;minimum`. */
  readonly data: readonly string[];
}

export interface CheckReport extends CheckLine {
  readonly jobs: readonly (CheckVerdict & Pick<JobStatus, "job" | "database">)[];
  readonly destinations: readonly (CheckVerdict & { readonly destination: string })[];
}

/** Nagios reads no more of a plugin. */
const lineBytes = 4096;

/** Rules that speak of age or of the last run, which limits can say better. */
const rulesOfAge: readonly JobStatus["rule"][] = ["age", "slot", "last-run"];

/** Of one job, or of all with their destinations. */
export function judgeStatus(
  { jobs, disk }: StatusReport,
  { job, ...limits }: CheckLimits & { readonly job: string | null },
): CheckReport {
  const asked = jobs.filter((one) => job === null || one.job === job);
  const judged = asked.map((one) => ({ job: one.job, database: one.database, ...verdictOf(one, limits) }));
  const destinations = disk
    .filter(() => job === null)
    .map((one) => ({ destination: one.name, ...diskVerdict(one) }));
  const all = [
    ...judged.map((one) => [labelOf(one), one] as const),
    ...destinations.map((one) => [one.destination, one] as const),
  ];
  const troubles = all.flatMap(([label, { words }]) => (words === null ? [] : [`${label}: ${words}`]));
  return {
    state: worstState(all.map(([, { state }]) => state)),
    words: troubles.length > 0 ? troubles : asked.map(describeWell),
    data: [...asked.flatMap((one) => dataOf(one, limits)), ...(job === null ? disk.flatMap(diskData) : [])],
    jobs: judged,
    destinations,
  };
}

/** "CODEX-BACKUP OK - database: 6 h old | 'database_age'=21600s;93600;180000;0": one line of at most 4 kB. */
export function formatCheckLine({ state, words, data }: CheckLine): string {
  const said = words.join("; ").replaceAll("|", "/").replace(/\s+/g, " ");
  const head = cut(`CODEX-BACKUP ${state} - ${said}`, lineBytes / 2);
  let line = head;
  for (const item of data) {
    const longer = line === head ? `${head} | ${item}` : `${line} ${item}`;
    if (Buffer.byteLength(longer) >= lineBytes) break; // the state and the words matter more
    line = longer;
  }
  return line;
}

function verdictOf(job: JobStatus, limits: CheckLimits): CheckVerdict {
  return judgeJob(
    {
      label: labelOf(job),
      leavesBackups: leavesBackups(job),
      healthy: job.healthy,
      reason: job.reason,
      isAboutAge: rulesOfAge.includes(job.rule),
      ageMs: job.newestGood?.ageMs ?? null,
      // An empty database stays empty: it is told once, and by status, not at each check.
      concerns: job.concerns.filter(({ kind }) => kind !== "empty").map(({ message }) => message),
      isGrave: job.concerns.some(({ isGrave }) => isGrave === true),
    },
    limits,
  );
}

function diskVerdict({ failure, warnings, concern, summary }: StatusReport["disk"][number]): CheckVerdict {
  if (failure !== null) return { state: "CRITICAL", words: failure.message };
  if (concern !== null) return { state: "WARNING", words: summary ?? "fills up" };
  return warnings.length === 0
    ? { state: "OK", words: null }
    : { state: "WARNING", words: warnings.join(", ") };
}

function describeWell(job: JobStatus): string {
  const age = job.newestGood === null ? job.reason : `${describeAge(Math.max(0, job.newestGood.ageMs))} old`;
  return `${labelOf(job)}: ${age}`;
}

function labelOf({ job, database }: Pick<JobStatus, "job" | "database">): string {
  return database === null || database === job ? job : `${job}/${database}`;
}

function dataOf(job: JobStatus, { warningMs, criticalMs }: CheckLimits): readonly string[] {
  const label = labelOf(job);
  const limits = [warningMs, criticalMs].map((ms) => (ms === null ? "" : String(ms / 1000))).join(";");
  const age =
    job.newestGood === null
      ? []
      : [`${quote(`${label}_age`)}=${Math.round(job.newestGood.ageMs / 1000)}s;${limits};0`];
  const provenAge =
    job.newestProven === null
      ? []
      : [`${quote(`${label}_proven_age`)}=${Math.round(job.newestProven.ageMs / 1000)}s;;;0`];
  const limitMs = job.rtoMs === null ? "" : String(job.rtoMs / 1000);
  const restore =
    job.recovery === null
      ? []
      : [`${quote(`${label}_restore`)}=${Math.round(job.recovery.estimateMs / 1000)}s;;${limitMs};0`];
  const size = job.sizeBytes === null ? [] : [`${quote(`${label}_size`)}=${job.sizeBytes}B;;;0`];
  return [...age, ...provenAge, ...restore, ...size];
}

function diskData({ name, freeBytes, totalBytes }: StatusReport["disk"][number]): readonly string[] {
  if (freeBytes === null) return [];
  return [`${quote(`${name}_free`)}=${freeBytes}B;;;0;${totalBytes ?? ""}`];
}

/** Neither a quote nor = may stand in a label. */
function quote(label: string): string {
  return `'${label.replace(/[='|\s]/g, "_")}'`;
}

function cut(text: string, limitBytes: number): string {
  let short = text;
  while (Buffer.byteLength(short) > limitBytes) short = short.slice(0, -1);
  return short === text ? text : `${short.slice(0, -3)}…`;
}
