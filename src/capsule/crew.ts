import type { Worker } from "node:worker_threads";
import { Failure, type FailureDetails, messageOf } from "../domain/failure.ts";
import type { FailureCode } from "../domain/failure-table.ts";
import { startOwnThread } from "../platform/own-files.ts";
import type { CrewWork } from "./crew-work.ts";

/**
 * Worker threads that read, hash, deflate and inflate with blocking calls, side by side. The main thread stays
 * free: also a mount that hangs can stall only a worker.
 */
export interface Crew {
  readonly size: number;
  /**
   * Gives one piece of work to the next free worker. Rejects with the work's Failure, with the signal's reason once
   * that is aborted, and after `end`. `handedOver` buffers are gone for the caller.
   */
  ask<Verb extends keyof CrewWork>(
    verb: Verb,
    request: Parameters<CrewWork[Verb]>[0],
    handedOver?: readonly ArrayBuffer[],
  ): Promise<ReturnType<CrewWork[Verb]>>;
  /** Ends the workers without waiting for what they do. May be called twice. */
  end(): void;
}

export interface CrewQuestion {
  readonly id: number;
  readonly verb: keyof CrewWork;
  readonly request: unknown;
}

export type CrewAnswer =
  | { readonly kind: "done"; readonly id: number; readonly result: unknown }
  | ({ readonly kind: "failed"; readonly id: number } & SentFailure);

interface SentFailure {
  readonly code: FailureCode;
  readonly message: string;
  readonly hint: string | null;
  readonly context: Failure["context"];
}

interface Pending {
  readonly question: CrewQuestion;
  readonly handedOver: readonly ArrayBuffer[];
  readonly resolve: (result: never) => void;
  readonly reject: (reason: unknown) => void;
}

interface Crewing {
  readonly idle: Worker[];
  readonly queue: Pending[];
  readonly atWork: Map<Worker, Pending>;
  broken: { readonly reason: unknown } | null;
}

/** Throws the signal's reason when it is aborted already. */
export function createCrew(size: number, signal: AbortSignal): Crew {
  signal.throwIfAborted();
  const crewing: Crewing = { idle: [], queue: [], atWork: new Map(), broken: null };
  const workers = Array.from({ length: size }, () => hire(crewing));
  const end = (reason: unknown) => {
    breakOff(crewing, reason);
    signal.removeEventListener("abort", onAbort);
    for (const worker of workers) void worker.terminate();
  };
  const onAbort = () => end(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  let nextId = 0;
  return {
    size,
    ask(verb, request, handedOver = []) {
      const asked = new Promise<never>((resolve, reject) => {
        if (crewing.broken) return reject(crewing.broken.reason);
        nextId += 1;
        crewing.queue.push({ question: { id: nextId, verb, request }, handedOver, resolve, reject });
        assign(crewing);
      });
      asked.catch(leaveToCaller);
      return asked;
    },
    end: () => end(new Failure("run.internal", "Cannot ask a worker: the crew was ended")),
  };
}

/** An answer nobody waits for any more (another one failed first) must not end the process. */
function leaveToCaller(): void {
  // Whoever awaits the answer gets the rejection as well.
}

function hire(crewing: Crewing): Worker {
  // A worker holds little at a time; a small nursery keeps its dead objects few.
  const worker = startOwnThread("src/capsule/crew-thread.ts", {
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
    // Not the flags of the process: some of them a worker cannot start with.
    execArgv: [],
  });
  worker.on("message", (answer: CrewAnswer) => {
    const pending = crewing.atWork.get(worker);
    crewing.atWork.delete(worker);
    crewing.idle.push(worker);
    assign(crewing);
    if (pending === undefined) return;
    // What came back is what `verb` gives: the thread runs crewWork[verb] on the request.
    if (answer.kind === "done") pending.resolve(answer.result as never);
    else pending.reject(failureFrom(answer));
  });
  worker.on("error", (error) => {
    breakOff(
      crewing,
      new Failure("capsule.read", `Cannot go on: a worker died: ${messageOf(error)}`, { cause: error }),
    );
  });
  crewing.idle.push(worker);
  return worker;
}

function assign(crewing: Crewing): void {
  while (crewing.idle.length > 0) {
    const pending = crewing.queue.shift();
    if (pending === undefined) return;
    const worker = crewing.idle.pop();
    if (worker === undefined) return;
    crewing.atWork.set(worker, pending);
    worker.postMessage(pending.question, pending.handedOver);
  }
}

function breakOff(crewing: Crewing, reason: unknown): void {
  crewing.broken ??= { reason };
  const waiting = [...crewing.queue.splice(0), ...crewing.atWork.values()];
  crewing.atWork.clear();
  for (const { reject } of waiting) reject(reason);
}

function failureFrom({ code, message, hint, context }: SentFailure): Failure {
  const details: FailureDetails = { context, ...(hint === null ? {} : { hint }) };
  return new Failure(code, message, details);
}
