import { join } from "node:path";
import { type CapsuleWritten, isWholeCapsule } from "../../capsule/capsule.ts";
import { Failure } from "../../domain/failure.ts";
import type { CapsuleJob } from "../../domain/jobs/job.ts";
import type { Context } from "../context.ts";
import type { Share } from "../delivery/delivery.ts";
import { demandEqual, hashStream } from "../delivery/read-back.ts";
import { withLocalFile } from "../local-file.ts";
import { type DescribedPoint, describePoint } from "../sets/describe-point.ts";
import { membersOf } from "../sets/join-set.ts";
import { privateNames, storedName } from "./private-file.ts";
import type { Inspected, Known, Produced, ProducedFile, Producer } from "./produce.ts";
import { readBackProgress } from "./read-back-progress.ts";
import type { Watch } from "./watch.ts";

/** A directory tree as one zip, streamed to the destinations, then opened again by an independent reader. */
export function createCapsuleProducer(context: Context, job: CapsuleJob, signal: AbortSignal): Producer {
  return {
    kind: "capsule",
    database: null,
    sourceBytes: async () => (await context.capsules.estimate(job.source, signal)).contentBytes,
    fileNames: (name) => [storedName(name, { kind: "capsule" }, job), ...privateNames(name, job)],
    produce: async (delivery, name, watch): Promise<Produced> => {
      const path = storedName(name, { kind: "capsule" }, job);
      const members = membersOf(context, job);
      const startedAt = context.clock.now();
      const fan = await delivery.openFile(path, () => watch.touch());
      const written = await context.capsules.write(job.source, fan.sink, {
        signal: watch.signal,
        onProgress: (progress) =>
          context.onProgress({
            subject: job.name,
            step: "capsule",
            doneBytes: progress.doneBytes,
            totalBytes: progress.totalBytes,
            current: job.encrypt === null ? progress.current : null,
          }),
      });
      const walk = { startedAt, finishedAt: context.clock.now() };
      const point = await describePoint(context, { job, members, walk, written });
      const known = told(job, written, point);
      const [passed, content] = [fan.passed(), fan.content()];
      const file: ProducedFile = { path, role: "capsule", compression: "none", passed, content };
      return {
        files: [file],
        windowMs: null,
        warnings: [],
        known,
        inspect: (share, later) => inspect(context, job, { file, known, share, watch: later }),
      };
    },
  };
}

interface Inspection {
  readonly file: ProducedFile;
  readonly known: Known;
  readonly share: Share;
  readonly watch: Watch;
}

async function inspect(
  context: Context,
  job: CapsuleJob,
  { file, known, share, watch }: Inspection,
): Promise<Inspected> {
  const branch = share.branches.get(file.path);
  if (!branch) throw new Failure("run.internal", `Cannot read "${file.path}" back: it was not written`);
  const opened = await branch.staged.readBack();
  const onBytes = readBackProgress(context, { job: job.name, file, watch });
  demandEqual(file.path, file.passed, await hashStream(opened.stream, watch.signal, onBytes));
  const { staged } = branch;
  const place = {
    localPath: staged.localPath,
    open: () => staged.readBack(),
    workPath: join(context.statePath, "work"),
  };
  await withLocalFile(place, (path) =>
    context.capsules.check(path, { signal: watch.signal, onProgress: watch.touch }),
  );
  return { ...known, level: "read", source: opened.source, content: new Map() };
}

/** What the writer says is inside. */
function told(job: CapsuleJob, written: CapsuleWritten, point: DescribedPoint): Known {
  const changed = written.entries.filter((entry) => entry.state === "changed");
  return {
    postgres: null,
    capsule: {
      root: job.source.root,
      entries: written.entries,
      leftOut: written.leftOut,
      ...point.facts,
    },
    ...(point.set && { set: point.set }),
    gaps: point.gaps,
    outcome: isWholeCapsule(written) ? "complete" : "incomplete",
    warnings: [
      ...written.leftOut.map((entry) => `left out: "${entry.path}" (${entry.reason})`),
      ...changed.map((entry) => `changed while it was read: "${entry.path}"`),
      ...written.entries
        .filter((entry) => entry.state === "grown")
        .map((entry) => `grown while it was read, taken to its first size: "${entry.path}"`),
      ...point.warnings,
    ],
  };
}
