import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asFailure } from "../domain/failure.ts";
import { describeCount, describeDuration, describeSize } from "../domain/plain-words.ts";
import type { ProofReport } from "../domain/proofs/proof-report.ts";
import type { RunReport } from "../domain/runs/run-report.ts";
import type { DemoOptions, DemoParts, DemoReport, DemoStep, DemoTable, DemoTool } from "./demo.ts";
import { demoConfig } from "./demo-config.ts";
import { type EmbeddedServer, startEmbeddedServer } from "./embedded-server.ts";
import { compareTables, fillDatabase } from "./sample-database.ts";
import { makeStorageTree } from "./storage-tree.ts";

const restoredDatabase = "codexdb_restored";

/**
 * Starts a server, fills it, runs the three tasks, checks and proves what they left, restores the database into a
 * second one and compares. Everything goes through the tool itself; a step that fails stops the show and
 * throws. The server is stopped and, unless kept, the directory removed, whatever happens.
 */
export async function runDemo(parts: DemoParts, { keep }: DemoOptions): Promise<DemoReport> {
  const startedMs = parts.clock.monotonicMs();
  const directory = await mkdtemp(join(parts.temporaryPath, "codex-backup-demo-"));
  await chmod(directory, 0o711); // the server runs as another user and has to reach its own folder
  let server: EmbeddedServer | null = null;
  try {
    const steps: DemoStep[] = [];
    const step = createStepper(parts, steps);
    server = await step(
      "start PostgreSQL",
      () => startServer(parts, directory),
      ({ version }) => version,
    );
    const tables = await show(parts, { directory, server, step });
    const durationMs = Math.round(parts.clock.monotonicMs() - startedMs);
    const isEqual = tables.length > 0 && tables.every((table) => table.isEqual);
    return {
      directory,
      isKept: keep,
      server: server.version,
      steps,
      files: await filesOf(directory),
      tables,
      isEqual,
      durationMs,
    };
  } finally {
    await server?.stop();
    if (!keep) await rm(directory, { recursive: true, force: true });
  }
}

type Stepper = <T>(what: string, work: () => Promise<T>, tell: (done: T) => string) => Promise<T>;

function createStepper({ clock, onStep }: DemoParts, steps: DemoStep[]): Stepper {
  return async (what, work, tell) => {
    onStep(what);
    const startedMs = clock.monotonicMs();
    try {
      const done = await work();
      steps.push({
        what,
        result: tell(done),
        durationMs: Math.round(clock.monotonicMs() - startedMs),
        isOk: true,
      });
      return done;
    } catch (error) {
      throw asFailure(error, "run.internal", `Cannot ${what}`);
    }
  };
}

function startServer({ childEnv, clock, signal }: DemoParts, directory: string): Promise<EmbeddedServer> {
  return startEmbeddedServer({ directory: join(directory, "server"), childEnv, clock, signal });
}

interface Stage {
  readonly directory: string;
  readonly server: EmbeddedServer;
  readonly step: Stepper;
}

async function show(parts: DemoParts, { directory, server, step }: Stage): Promise<readonly DemoTable[]> {
  const storage = join(directory, "storage");
  await step(
    "fill the five tables",
    () => fillDatabase(parts, server, "codexdb"),
    (rows) => describeCount(rows, "row"),
  );
  await step(
    "make a tree of artifacts",
    async () => makeStorageTree(storage),
    (paths) => describeCount(paths.length, "file"),
  );
  const configPath = join(directory, "codex-backup.yaml");
  await writeFile(configPath, demoConfig({ directory, server }));
  await mkdir(join(storage, "replays"), { recursive: true });
  const tool = await parts.openTool(configPath);
  try {
    return await useTool(parts, { directory, server, step, tool });
  } finally {
    await tool.close();
  }
}

async function useTool(
  parts: DemoParts,
  { server, step, tool }: Stage & { readonly tool: DemoTool },
): Promise<readonly DemoTable[]> {
  const { operations } = tool;
  const { signal } = parts;
  await step(
    "prepare the destinations",
    () => operations.initialiseDestinations([]),
    (done) => done.map(({ location }) => location).join(", "),
  );
  await step(
    "make a key that signs backups",
    () => operations.generateSigningKey(),
    ({ keyId }) => keyId,
  );
  const wish = { jobs: [], all: true, waitMs: 0, slot: null, signal };
  const reports = await step(
    "run database, capsule and checksums",
    () => demandGood(operations.run(wish)),
    describeRuns,
  );
  await checkAll(parts, { step, tool });
  const backup = reports.find((report) => report.job === "database")?.backup?.id ?? "";
  const request = {
    backup,
    to: restoredDatabase,
    overwrite: null,
    only: [],
    roles: "missing",
    withoutOwners: false,
    job: null,
    dryRun: false,
    signal,
  } as const;
  await step(
    `restore ${backup} into ${restoredDatabase}`,
    () => operations.restore(request),
    ({ durationMs }) => `committed after hash and trailer, ${describeDuration(durationMs)}`,
  );
  return step(
    "compare both databases by SQL",
    () => compareTables(parts, server, ["codexdb", restoredDatabase]),
    describeTables,
  );
}

/** Reads every copy to its end, checks the signatures, and restores each backup for proof. */
async function checkAll(
  { signal }: DemoParts,
  { step, tool: { operations } }: Pick<Stage, "step"> & { readonly tool: DemoTool },
): Promise<void> {
  const check = { backups: [], level: "read", sinceMs: null, signal } as const;
  await step(
    "verify every copy to its end",
    () => demandOk(operations.verify(check)),
    (done) => `${describeCount(done.length, "copy", "copies")}, all equal`,
  );
  await step(
    "verify the signature of every manifest",
    () => demandOk(operations.verifySignatures({ backups: [], job: null, signal })),
    (done) => `${describeCount(done.length, "signature")}, all good; minisign -V says the same`,
  );
  const every = { job: null, latest: true, all: false, destination: null, identityFile: null, server: null };
  await step(
    "prove both backups: restore each into a throwaway place and compare",
    () => demandProven(operations.prove({ ...every, backups: [], waitMs: 0, signal })),
    describeProofs,
  );
}

async function demandGood(running: Promise<readonly RunReport[]>): Promise<readonly RunReport[]> {
  const reports = await running;
  const bad = reports.find((report) => report.outcome !== "complete");
  if (bad)
    throw new Error(`"${bad.job}" was ${bad.outcome}: ${bad.failure?.message ?? bad.warnings.join("; ")}`);
  return reports;
}

async function demandOk<T extends { readonly outcome: string; readonly backup: string }>(
  checking: Promise<readonly T[]>,
): Promise<readonly T[]> {
  const reports = await checking;
  const bad = reports.find((report) => report.outcome !== "ok");
  if (bad || reports.length === 0)
    throw new Error(bad ? `"${bad.backup}" is ${bad.outcome}` : "there was nothing to verify");
  return reports;
}

async function demandProven(proving: Promise<readonly ProofReport[]>): Promise<readonly ProofReport[]> {
  const reports = await proving;
  const bad = reports.find((report) => report.outcome !== "proven");
  if (bad || reports.length === 0)
    throw new Error(
      bad ? `"${bad.backup}" is not proven: ${bad.failure?.message}` : "there was nothing to prove",
    );
  return reports;
}

function describeProofs(reports: readonly ProofReport[]): string {
  return reports
    .map(({ backup, server, durationMs }) => `${backup} in ${server}, ${describeDuration(durationMs)}`)
    .join("; ");
}

function describeRuns(reports: readonly RunReport[]): string {
  return reports.map(({ job, summary }) => `${job}: ${summary}`).join("; ");
}

function describeTables(tables: readonly DemoTable[]): string {
  const different = tables.filter((table) => !table.isEqual);
  if (different.length > 0) return `DIFFERENT: ${different.map(({ name }) => name).join(", ")}`;
  return `${describeCount(tables.length, "table")}, all equal`;
}

async function filesOf(directory: string): Promise<DemoReport["files"]> {
  const folders = [join(directory, "backups"), join(directory, "storage", "replays")];
  const listed = await Promise.all(
    folders.map(async (folder) => {
      const names = (await readdir(folder)).filter((name) => !name.startsWith(".")).sort();
      return Promise.all(
        names.map(async (name) => ({
          path: join(folder, name),
          sizeBytes: (await stat(join(folder, name))).size,
        })),
      );
    }),
  );
  return listed.flat();
}

/** The report as a person reads it. */
export function describeDemo(report: DemoReport): readonly string[] {
  const steps = report.steps.map(
    ({ what, result, durationMs }) => `  ${what}: ${result} (${describeDuration(durationMs)})`,
  );
  const files = report.files.map(
    ({ path, sizeBytes }) => `  ${describeSize(sizeBytes).padStart(8)}  ${path}`,
  );
  const tables = report.tables.map(
    ({ name, rows, isEqual }) =>
      `  ${isEqual ? "equal    " : "DIFFERENT"} ${String(rows).padStart(6)} rows  ${name}`,
  );
  const verdict = report.isEqual
    ? "The restored database equals the source."
    : "The restored database DIFFERS from the source.";
  const where = report.isKept
    ? `Everything is in ${report.directory}; look around with: codex-backup --config ${report.directory}/codex-backup.yaml list`
    : "The directory was removed; --keep leaves it for a look.";
  return [
    "What happened:",
    ...steps,
    "What it left:",
    ...files,
    "What the comparison saw:",
    ...tables,
    verdict,
    `${describeDuration(report.durationMs)} in all. ${where}`,
  ];
}
