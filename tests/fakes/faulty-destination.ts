import { Readable, Writable } from "node:stream";
import type {
  Destination,
  DirectoryChecksums,
  OpenedFile,
  StagedFile,
} from "../../src/destinations/destination.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { FailureCode } from "../../src/domain/failure-table.ts";

export type FaultyMethod =
  /** Whichever comes. */
  | "*"
  | "ready"
  | "look"
  | "initialise"
  | "stage"
  | "sink.write"
  | "sink.finish"
  | "readBack"
  | "storedBytes"
  | "discardStaged"
  | "publish"
  | "discard"
  | "listStaged"
  | "resume"
  | "list"
  | "stat"
  | "open"
  | "read"
  | "put"
  | "remove"
  | "sync"
  | "checksums.read"
  | "checksums.entries"
  | "checksums.add"
  | "checksums.drop"
  | "checksums.replace";

/**
 * fail: throws and does nothing. away: the same, and so does every call from then on. late: does it, then throws (the answer was lost). full: "destination.full".
 * hang: never settles. kill: we die; nothing settles from then on. crash: the same
 * for the whole machine, whose medium may then lack what was not synced. lost (what returns nothing): does nothing
 * and reports success. short (sink.write): half of the chunk is lost and success is reported.
 * rot (readBack, open, read): the middle byte of what is read differs. cut (same): the last half is missing.
 */
export type FaultKind =
  | "fail"
  | "away"
  | "late"
  | "full"
  | "hang"
  | "kill"
  | "crash"
  | "lost"
  | "short"
  | "rot"
  | "cut";

/** Of the whole machine: while it is off, nothing settles any more. */
export interface Power {
  readonly isOn: () => boolean;
  readonly cut: () => void;
}

export function createPower(onCut: () => void = () => undefined): Power {
  let isOn = true;
  return {
    isOn: () => isOn,
    cut() {
      if (isOn) onCut();
      isOn = false;
    },
  };
}

export interface Fault {
  readonly method: FaultyMethod;
  /** 1 is the first call of this method, counted over the whole destination. */
  readonly call: number;
  readonly kind: FaultKind;
  /** Only calls for this file are counted. */
  readonly file?: string;
  /** Only calls that are written so ("publish codexdb.sql") are counted. */
  readonly among?: Pick<RegExp, "test">;
  /** For fail and late; default "destination.io". */
  readonly code?: FailureCode;
}

export interface FaultyDestination extends Destination {
  /** Every call in order, "publish codexdb.sql"; to find out what there is to break. */
  readonly calls: readonly string[];
  /** Faults that have not struck; a test that leaves some tested nothing. */
  pending(): readonly Fault[];
}

export interface FaultyOptions {
  /** Hears of each call before it is made. */
  readonly onCall?: (call: string) => void;
  /** What a fault of kind "kill" switches off; default: of this destination alone. */
  readonly power?: Power;
}

/** Passes everything on, and breaks the n-th call of a method as told. */
export function createFaultyDestination(
  inner: Destination,
  faults: readonly Fault[],
  options: FaultyOptions = {},
): FaultyDestination {
  const plan = createPlan(inner.name, faults, options);
  const on = <T>(method: FaultyMethod, file: string, work: () => Promise<T>) =>
    strike(plan, { method, file }, work);
  const reading = (method: FaultyMethod, file: string, work: () => Promise<OpenedFile>) =>
    strikeStream(plan, { method, file }, work);
  const wrap = (file: StagedFile) => faultyStaged(plan, file);
  return {
    name: inner.name,
    location: inner.location,
    traits: inner.traits,
    calls: plan.calls,
    pending: () => plan.pending(),
    ready: () => on("ready", "", () => inner.ready()),
    look: () => on("look", "", () => inner.look()),
    initialise: () => on("initialise", "", () => inner.initialise()),
    stage: (name, runId, expectedBytes) =>
      on("stage", name, async () => wrap(await inner.stage(name, runId, expectedBytes))),
    listStaged: () => on("listStaged", "", () => inner.listStaged()),
    resume: (name, runId) =>
      on("resume", name, async () => {
        const found = await inner.resume(name, runId);
        return found === null ? null : wrap(found);
      }),
    discardStaged: (left) => on("discardStaged", left.name, () => inner.discardStaged(left)),
    list: () => on("list", "", () => inner.list()),
    stat: (name) => on("stat", name, () => inner.stat(name)),
    open: (name, options) => reading("open", name, () => inner.open(name, options)),
    localPath: (name) => inner.localPath(name),
    read: async (name, limitBytes) => {
      const fault = plan.take("read", name);
      return spoil(await obey(plan, fault, () => inner.read(name, limitBytes)), fault);
    },
    put: (name, bytes, runId) => on("put", name, () => inner.put(name, bytes, runId)),
    remove: (name) => on("remove", name, () => inner.remove(name)),
    sync: () => on("sync", "", () => inner.sync()),
    close: () => inner.close(),
    checksums: inner.checksums === null ? null : faultyChecksums(plan, inner.checksums),
  };
}

interface Struck extends Fault {
  /** For the message. */
  readonly doing: string;
}

interface Plan {
  readonly power: Power;
  readonly calls: string[];
  take(method: FaultyMethod, file: string): Struck | null;
  pending(): readonly Fault[];
}

function createPlan(destination: string, faults: readonly Fault[], options: FaultyOptions): Plan {
  const { power = createPower(), onCall = () => undefined } = options;
  const waiting = faults.map((fault) => ({ fault, left: fault.call }));
  const calls: string[] = [];
  let away: Fault | null = null;
  return {
    power,
    calls,
    pending: () => waiting.filter((each) => each.left > 0).map((each) => each.fault),
    take(method, file) {
      calls.push(file === "" ? method : `${method} ${file}`);
      onCall(calls.at(-1) ?? method);
      const matching = waiting.filter(
        ({ fault }) =>
          (fault.method === "*" || fault.method === method) &&
          (fault.file === undefined || fault.file === file) &&
          (fault.among?.test(calls.at(-1) ?? "") ?? true),
      );
      for (const each of matching) each.left -= 1;
      const found = away ?? matching.find((each) => each.left === 0)?.fault ?? null;
      if (found?.kind === "away") away = found;
      return found === null ? null : { ...found, doing: `${method} "${file}" at "${destination}"` };
    },
  };
}

interface Call {
  readonly method: FaultyMethod;
  readonly file: string;
}

function strike<T>(plan: Plan, call: Call, work: () => Promise<T>): Promise<T> {
  return obey(plan, plan.take(call.method, call.file), work);
}

async function obey<T>({ power }: Plan, fault: Struck | null, work: () => Promise<T>): Promise<T> {
  if (fault?.kind === "kill" || fault?.kind === "crash") power.cut();
  if (!power.isOn()) return new Promise<T>(() => undefined);
  if (fault?.kind === "fail" || fault?.kind === "away" || fault?.kind === "full") throw failureOf(fault);
  if (fault?.kind === "hang") return new Promise<T>(() => undefined);
  if (fault?.kind === "lost") return undefined as T; // for methods that return nothing
  const result = await work();
  if (fault?.kind === "late") throw failureOf(fault);
  if (!power.isOn()) return new Promise<T>(() => undefined);
  return result;
}

function failureOf(fault: Struck): Failure {
  const code = fault.kind === "full" ? "destination.full" : (fault.code ?? "destination.io");
  return new Failure(code, `Cannot ${fault.doing}: told to fail at call ${fault.call}`, {
    hint: "This is a test.",
  });
}

async function strikeStream(plan: Plan, call: Call, work: () => Promise<OpenedFile>): Promise<OpenedFile> {
  const fault = plan.take(call.method, call.file);
  const opened = await obey(plan, fault, work);
  if (fault?.kind !== "rot" && fault?.kind !== "cut") return opened;
  return { ...opened, stream: Readable.from(spoiledChunks(opened.stream, fault), { objectMode: false }) };
}

async function* spoiledChunks(stream: Readable, fault: Fault): AsyncGenerator<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  yield spoil(Buffer.concat(chunks), fault);
}

function spoil(bytes: Buffer, fault: Fault | null): Buffer {
  const middle = Math.floor(bytes.length / 2);
  if (fault?.kind === "cut") return bytes.subarray(0, middle);
  if (fault?.kind !== "rot") return bytes;
  const rotten = Buffer.from(bytes);
  rotten.writeUInt8(rotten.readUInt8(middle) ^ 1, middle);
  return rotten;
}

function faultyStaged(plan: Plan, inner: StagedFile): StagedFile {
  const { name } = inner;
  return {
    name,
    localPath: inner.localPath,
    sink: faultySink(plan, inner),
    readBack: (range) => strikeStream(plan, { method: "readBack", file: name }, () => inner.readBack(range)),
    storedBytes: () => strike(plan, { method: "storedBytes", file: name }, () => inner.storedBytes()),
    publish: () => strike(plan, { method: "publish", file: name }, () => inner.publish()),
    discard: () => strike(plan, { method: "discard", file: name }, () => inner.discard()),
  };
}

/** Chunk by chunk into the real sink, so that its errors and its back-pressure are seen as they are. */
function faultySink(plan: Plan, { name, sink }: StagedFile): Writable {
  if (sink.writableEnded) return sink;
  const outer = new Writable({
    highWaterMark: sink.writableHighWaterMark,
    write(chunk: Buffer, _encoding, done) {
      const fault = plan.take("sink.write", name);
      const kept = fault?.kind === "short" ? chunk.subarray(0, Math.floor(chunk.length / 2)) : chunk;
      obey(plan, fault, () => settled((call) => sink.write(kept, call))).then(() => done(), done);
    },
    final(done) {
      const fault = plan.take("sink.finish", name);
      obey(plan, fault, () => settled((call) => sink.end(call))).then(() => done(), done);
    },
    destroy(error, done) {
      sink.destroy();
      done(error);
    },
  });
  sink.on("error", (error) => outer.destroy(error));
  return outer;
}

function settled(start: (call: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}

function faultyChecksums(plan: Plan, inner: DirectoryChecksums): DirectoryChecksums {
  const on = <T>(method: FaultyMethod, work: () => Promise<T>) => strike(plan, { method, file: "" }, work);
  return {
    read: () => on("checksums.read", () => inner.read()),
    entries: () => on("checksums.entries", () => inner.entries()),
    add: (lines) => on("checksums.add", () => inner.add(lines)),
    drop: (names) => on("checksums.drop", () => inner.drop(names)),
    replace: (line) => on("checksums.replace", () => inner.replace(line)),
  };
}
