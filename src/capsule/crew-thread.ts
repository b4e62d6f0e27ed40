/** What a worker of the crew runs: it answers questions from its parent until it is ended. */
import { parentPort } from "node:worker_threads";
import { Failure, messageOf } from "../domain/failure.ts";
import type { CrewAnswer, CrewQuestion } from "./crew.ts";
import { crewWork } from "./crew-work.ts";

parentPort?.on("message", (question: CrewQuestion) => {
  const answer = answerTo(question);
  parentPort?.postMessage(answer, [...ownedBy(answer)]);
});

function answerTo({ id, verb, request }: CrewQuestion): CrewAnswer {
  try {
    // `verb` and `request` were paired by Crew.ask, whose types hold them together.
    const work = crewWork[verb] as (request: unknown) => unknown;
    return { kind: "done", id, result: work(request) };
  } catch (thrown) {
    if (thrown instanceof Failure) {
      const { code, message, hint, context } = thrown;
      return { kind: "failed", id, code, message, hint, context };
    }
    const message = `Cannot ${verb} in a worker: ${messageOf(thrown)}`;
    return { kind: "failed", id, code: "capsule.read", message, hint: null, context: {} };
  }
}

/** The buffers that travel without being copied. */
function ownedBy(answer: CrewAnswer): readonly ArrayBuffer[] {
  if (answer.kind !== "done") return [];
  const { result } = answer;
  if (result instanceof Uint8Array && result.buffer instanceof ArrayBuffer) return [result.buffer];
  if (typeof result !== "object" || result === null || !("bytes" in result)) return [];
  const { bytes } = result;
  return bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
}
