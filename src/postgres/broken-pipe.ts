import { errnoOf } from "../domain/failure.ts";

const codes: ReadonlySet<string> = new Set(["EPIPE", "ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE"]);

/** Whether an error only says that the program written to has ended; how it ended says what that means. */
export function isBrokenPipe(error: unknown): boolean {
  return codes.has(errnoOf(error) ?? "");
}
