import { errnoOf, Failure } from "../../domain/failure.ts";

/**
 * Whether a file is left out because of what it is (damaged, cut short). Everything else that kept it from
 * being adopted (a disk that cannot be read, a client that is missing) is no verdict on the file.
 */
export function isUnfit(failure: Failure): boolean {
  if (failure.code === "postgres.dump-truncated") return true;
  if (failure.code === "backup.manifest") return false; // what we were about to write, not what we read
  return failure.meaning.exit === 4;
}

/** Some readers call a file unreadable when it was the system that refused (EIO, EACCES): told as what it is. */
export function withoutBlame(failure: Failure): Failure {
  const { cause, message } = failure;
  if (failure.meaning.exit !== 4 || !/^E[A-Z0-9]+$/.test(errnoOf(cause) ?? "")) return failure;
  return new Failure("platform.file", message, {
    hint: "Check the disk and the rights of the file; then adopt again.",
    cause,
  });
}
