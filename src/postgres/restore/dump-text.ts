import { Readable } from "node:stream";
import type { Access } from "../access.ts";
import { archiveTextOf } from "../dump/archive-text.ts";
import type { RestoreRequest } from "../postgres.ts";
import type { CheckedStream } from "./checked-stream.ts";

type DumpTextRequest = Pick<RestoreRequest, "format" | "withoutOwners" | "signal">;

/** The dump as SQL text; of a custom archive, what pg_restore here makes of it. The same each time it is asked for. */
export async function dumpText(
  access: Access,
  request: DumpTextRequest,
  checked: CheckedStream,
): Promise<AsyncIterable<Buffer>> {
  if (request.format === "sql") return checked.bytes();
  const owners = request.withoutOwners ? ["--no-owner", "--no-privileges"] : [];
  const program = `${access.programs}pg_restore`;
  const args = [...owners, "--file=-"];
  const child = await access.reach.start({ program, args, stdin: "pipe", stdout: "pipe", login: false });
  return archiveTextOf(child, Readable.from(checked.bytes(), { objectMode: false }), request.signal);
}
