import { Failure } from "../../domain/failure.ts";

/** The dump's text is of a kind that pg_dump does not write, so that nothing read from it could be trusted. */
export function unreadable(seen: string): Failure {
  return new Failure("postgres.dump-unreadable", `Cannot read the dump: ${seen}`, {
    hint: "Make the dump with pg_dump itself, in the server's own encoding, and do not edit it.",
  });
}
