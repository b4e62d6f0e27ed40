import type { FailureReport } from "../../src/domain/failure.ts";
import { asFailure, messageOf, reportOf } from "../../src/domain/failure.ts";
import type { RunReport } from "../../src/domain/runs/run-report.ts";
import type { Context } from "../../src/operations/context.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import type { Door, Machine } from "./machine.ts";

/** What an operation said of itself. */
export interface Told {
  /** Nothing is left to do or to mend. */
  readonly isWell: boolean;
  readonly failures: readonly FailureReport[];
  /** Warnings and gaps, for people. */
  readonly lines: readonly string[];
}

/** An operation that a user can name. */
export interface Verb {
  readonly name: string;
  /** Whose next runs find what it left. */
  readonly jobs: readonly string[];
  /** What it asks: every door of these, and no other. */
  readonly doors: readonly Door[];
  /** The runs that were made before; left out: two of "capsule" and of "database". */
  readonly stock?: readonly string[];
  /** Each step of it takes long: every way to break is tried at a few calls, not at each of them. */
  readonly isSampled?: true;
  /** Gives a destination up that hangs. */
  readonly isPatient?: true;
  /** On a sound machine: what it needs to have something to do. */
  prepare(machine: Machine): Promise<void>;
  act(context: Context, signal: AbortSignal, machine: Machine): Promise<Told>;
}

export const nothing = async () => undefined;
const noSignal = new AbortController().signal;

export async function runJobs(context: Context, jobs: readonly string[], signal = noSignal): Promise<Told> {
  const options = { jobs, all: false, waitMs: 0, slot: null, signal };
  const reports = await createOperations(context).run(options);
  return {
    isWell: reports.length > 0 && reports.every(isWell),
    failures: reports.flatMap(failuresOf),
    lines: reports.flatMap(({ warnings }) => warnings),
  };
}

function isWell({ exit, copies }: RunReport): boolean {
  return exit === 0 && copies.every(({ failure }) => failure === null);
}

function failuresOf({ failure, copies, pruned }: RunReport): readonly FailureReport[] {
  const all = [failure, ...copies.map((copy) => copy.failure), ...(pruned?.failures ?? [])];
  return all.filter((one) => one !== null);
}

/** One more run of a job on a sound machine. */
export async function runWell(machine: Machine, job: string): Promise<void> {
  machine.clock.leap(60_000);
  const told = await runJobs(machine.boot().context, [job]);
  if (!told.isWell) throw new Error(`a sound machine did not run "${job}": ${JSON.stringify(told)}`);
}

/** Everything there is, on a sound machine. */
export async function verifyWell(machine: Machine): Promise<void> {
  const { identity } = machine;
  const options = { backups: [], level: "read", sinceMs: null, identity, signal: noSignal } as const;
  const reports = await createOperations(machine.boot().context).verify(options);
  const faulty = reports.filter(({ exit }) => exit !== 0);
  if (faulty.length > 0) throw new Error(`a sound machine did not verify: ${JSON.stringify(faulty)}`);
}

export function ofReports(
  reports: readonly { readonly exit: number; readonly failure: FailureReport | null }[],
  lines: readonly string[] = [],
): Told {
  return {
    isWell: reports.every(({ exit }) => exit === 0),
    failures: reports.flatMap(({ failure }) => (failure === null ? [] : [failure])),
    lines,
  };
}

export const well: Told = { isWell: true, failures: [], lines: [] };

/** What it threw is what it tells. */
export async function tell(work: Promise<Told>): Promise<Told> {
  try {
    return await work;
  } catch (error) {
    const failure = reportOf(asFailure(error, "run.internal", messageOf(error)));
    return { isWell: false, failures: [failure], lines: [] };
  }
}

export function newest(context: Context, job: string): string {
  return context.catalog.backups({ job, limit: 1 })[0]?.id ?? "";
}

async function verifyNewest(context: Context, signal: AbortSignal): Promise<Told> {
  const backups = [newest(context, "capsule"), newest(context, "database")];
  const reports = await createOperations(context).verify({ backups, level: "read", sinceMs: null, signal });
  return ofReports(
    reports,
    reports.flatMap(({ differences, warnings }) => [...differences, ...warnings]),
  );
}

/** Each proof reads the receipts of those before: without this, each step would make more calls than the last. */
export async function dropReceipts({ stores }: Machine): Promise<void> {
  for (const { files } of stores.values())
    for (const name of [...files.keys()]) if (/\.proof-/.test(name)) files.delete(name);
}

export const why = { who: "tester", why: "a test" };

/** Those that make, check, keep and remove backups. */
export const verbs: readonly Verb[] = [
  {
    name: "run capsule",
    jobs: ["capsule"],
    doors: ["near", "far", "catalog"],
    isPatient: true,
    prepare: nothing,
    act: (context, signal) => runJobs(context, ["capsule"], signal),
  },
  {
    name: "run database",
    jobs: ["database"],
    doors: ["near", "catalog", "programs"],
    isPatient: true,
    prepare: nothing,
    act: (context, signal) => runJobs(context, ["database"], signal),
  },
  {
    name: "verify",
    jobs: ["capsule"],
    doors: ["near", "far", "catalog"],
    // So that each step finds the receipt of an earlier check, which gives way to its own.
    async prepare(machine) {
      await verifyNewest(machine.boot().context, noSignal);
      machine.clock.leap(60_000);
    },
    act: verifyNewest,
  },
  {
    name: "prune",
    jobs: ["capsule"],
    doors: ["near", "far", "catalog"],
    async prepare(machine) {
      await runWell(machine, "capsule");
    },
    async act(context, signal) {
      const jobs = context.jobs.map((job) =>
        job.kind === "capsule" ? { ...job, keep: { ...job.keep, last: 3 } } : job,
      );
      const options = { jobs: ["capsule"], dryRun: false, yes: true, signal };
      return ofReports(await createOperations({ ...context, jobs }).prune(options));
    },
  },
  {
    name: "copy",
    jobs: ["capsule"],
    doors: ["near", "far"],
    isPatient: true,
    isSampled: true,
    async prepare(machine) {
      const { context } = machine.boot();
      const id = newest(context, "capsule");
      for (const name of [...(machine.stores.get("far")?.files.keys() ?? [])])
        if (name.startsWith(id)) machine.stores.get("far")?.files.delete(name);
      context.catalog.removeCopy("capsule", id, "far");
    },
    async act(context, signal) {
      const options = { backups: [], job: "capsule", to: null, from: null, dryRun: false, signal };
      const copies = await createOperations(context).copy(options);
      return ofReports(
        copies,
        copies.flatMap(({ warnings }) => warnings),
      );
    },
  },
  {
    name: "hold",
    jobs: ["capsule"],
    doors: ["near", "far", "catalog"],
    async prepare(machine) {
      await runWell(machine, "capsule");
    },
    async act(context) {
      const { failed } = await createOperations(context).hold({ backup: newest(context, "capsule"), ...why });
      return { ...well, isWell: failed.length === 0, lines: failed.map(({ message }) => message) };
    },
  },
  {
    name: "release",
    jobs: ["capsule"],
    doors: ["near", "far", "catalog"],
    async prepare(machine) {
      const { context } = machine.boot();
      await createOperations(context).hold({ backup: newest(context, "capsule"), ...why });
    },
    async act(context) {
      const { failed } = await createOperations(context).release({
        backup: newest(context, "capsule"),
        ...why,
      });
      return { ...well, isWell: failed.length === 0, lines: failed.map(({ message }) => message) };
    },
  },
  {
    name: "adopt",
    jobs: ["database"],
    doors: ["near", "catalog"],
    async prepare(machine) {
      const store = machine.stores.get("near");
      const dump = [...(store?.files ?? [])].find(([name]) => /^codexdb_.*\.sql$/.test(name));
      const modifiedMs = machine.clock.now();
      const name = `codexdb_2001${modifiedMs}.sql`;
      if (dump) store?.files.set(name, { bytes: dump[1].bytes, modifiedMs });
    },
    async act(context, signal) {
      const options = { directory: "/near", job: "database", pattern: "codexdb_2001*", signal };
      const reports = await createOperations(context).adopt(options);
      return ofReports(
        reports,
        reports.map(({ reason }) => reason ?? ""),
      );
    },
  },
  {
    name: "restore",
    jobs: ["capsule"],
    doors: ["near", "catalog", "programs"],
    prepare: nothing,
    async act(context, signal) {
      const request = {
        backup: newest(context, "database"),
        to: "copy",
        overwrite: null,
        only: [],
        job: null,
      };
      const how = { roles: "none", withoutOwners: false, dryRun: false } as const;
      await createOperations(context).restore({ ...request, ...how, signal });
      return well;
    },
  },
  {
    name: "prove",
    jobs: ["capsule"],
    doors: ["near", "catalog", "programs"],
    prepare: dropReceipts,
    async act(context, signal) {
      const which = { backups: [], job: "database", latest: true, all: false, destination: null };
      const how = { identityFile: null, server: null, waitMs: 0 };
      const proofs = await createOperations(context).prove({ ...which, ...how, signal });
      const lines = proofs.flatMap(({ differences, warnings }) => [...differences, ...warnings]);
      return ofReports(proofs, lines);
    },
  },
  {
    name: "catalog rebuild",
    jobs: ["capsule"],
    doors: ["near", "far", "catalog"],
    prepare: nothing,
    async act(context, signal) {
      const { problems } = await createOperations(context).rebuildCatalog(signal);
      return { ...well, isWell: problems.length === 0, lines: problems.map(({ message }) => message) };
    },
  },
  {
    name: "catalog check",
    jobs: ["capsule"],
    doors: ["near", "far", "catalog"],
    prepare: nothing,
    async act(context, signal) {
      const problems = await createOperations(context).checkCatalog(signal);
      return { ...well, isWell: problems.length === 0, lines: problems.map(({ message }) => message) };
    },
  },
  {
    name: "destination init",
    jobs: ["capsule"],
    doors: ["near", "far"],
    async prepare(machine) {
      machine.stores.get("near")?.files.delete("RESTORE-v1.md");
    },
    async act(context) {
      await createOperations(context).initialiseDestinations([]);
      return well;
    },
  },
];
