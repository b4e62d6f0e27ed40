import type { ClientRequest, IncomingMessage } from "node:http";
import { Writable } from "node:stream";
import { type Attempt, answerFailure, translateNetwork } from "./web-failure.ts";

/**
 * The body of a PUT as a sink. It finishes when the server has answered that it took it; destroyed before, the
 * request is broken off, and no server takes a body whose end it did not see.
 */
export function createPutSink(request: ClientRequest, attempt: Attempt): Writable {
  let failed: Error | null = null;
  const answered = new Promise<void>((resolve, reject) => {
    request.once("error", (error) => reject(translateNetwork(error, attempt)));
    request.once("response", (response) =>
      isTaken(response) ? resolve() : reject(answerFailure(response, attempt)),
    );
  });
  // A server may refuse long before the end; then the sink ends at once.
  answered.catch((error: Error) => {
    failed = error;
    sink.destroy(error);
  });
  const sink = new Writable({
    highWaterMark: 1024 * 1024,
    write(chunk: Buffer, _encoding, done) {
      if (failed !== null) return done(failed);
      if (request.write(chunk)) return done();
      request.once("drain", () => done());
    },
    final(done) {
      request.end();
      answered.then(() => done(), done);
    },
    destroy(error, done) {
      request.destroy();
      done(error);
    },
  });
  return sink;
}

function isTaken(response: IncomingMessage): boolean {
  const { statusCode = 0 } = response;
  if (statusCode < 200 || statusCode >= 300) return false;
  response.resume();
  return true;
}
