import { Failure, messageOf } from "../../../domain/failure.ts";
import type { FailureCode } from "../../../domain/failure-table.ts";

/** What the service said, as far as it said anything. */
export interface AzureWord {
  readonly status: number | null;
  /** "BlobNotFound", "AuthenticationFailed", …; of no answer the error of the socket. */
  readonly code: string;
}

/** Takes apart what the library throws. */
export function wordOf(thrown: unknown): AzureWord {
  if (typeof thrown !== "object" || thrown === null) return { status: null, code: String(thrown) };
  const status = "statusCode" in thrown && typeof thrown.statusCode === "number" ? thrown.statusCode : null;
  const header = "details" in thrown ? errorCodeOf(thrown.details) : null;
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : null;
  return { status, code: header ?? code ?? messageOf(thrown).slice(0, 200) };
}

function errorCodeOf(details: unknown): string | null {
  if (typeof details !== "object" || details === null || !("errorCode" in details)) return null;
  return typeof details.errorCode === "string" ? details.errorCode : null;
}

/** The service refuses to remove it for now: a policy, a legal hold, a lease, or credentials without that right. */
export function isRetained({ status, code }: AzureWord): boolean {
  if (/immutab|legalhold|LeaseIdMissing|BlobImmutableDueToPolicy/i.test(code)) return true;
  return (
    status === 403 &&
    /AuthorizationPermissionMismatch|AuthorizationFailure|InsufficientAccountPermissions/.test(code)
  );
}

interface Meaning {
  readonly code: FailureCode;
  readonly hint: string;
}

/** What the library threw, in the words of this room. `doing`: `write "a.sql" at azure://…`. */
export function translateAzure(thrown: unknown, doing: string): Failure {
  if (thrown instanceof Failure) return thrown;
  const word = wordOf(thrown);
  const { code, hint } = meaningOf(word);
  const seen = word.status === null ? word.code : `${word.code} (HTTP ${word.status})`;
  return new Failure(code, `Cannot ${doing}: the service says "${seen}"`, { hint, cause: thrown });
}

function meaningOf({ status, code }: AzureWord): Meaning {
  const known = byCode[code] ?? (status === null ? unreachable : byStatus[status]);
  if (known !== undefined) return known;
  return status !== null && status >= 500
    ? unreachable
    : { code: "destination.io", hint: "Look the answer up in Azure's list of error codes for Blob Storage." };
}

const unreachable: Meaning = {
  code: "destination.unreachable",
  hint: "Look whether the service answers, then run it again.",
};
const denied: Meaning = {
  code: "destination.denied",
  hint: "Check the key or the signature (its end, its permissions) and this host's clock: they must not be 15 minutes apart.",
};
const taken: Meaning = {
  code: "destination.exists",
  hint: "Move that blob away, or let the job's name carry the time.",
};
const missingContainer: Meaning = {
  code: "destination.missing",
  hint: "Make the container first: az storage container create; and compare its name with the configuration.",
};
const gone: Meaning = {
  code: "destination.not-found",
  hint: "Compare the container with: codex-backup list.",
};
const altered: Meaning = {
  code: "destination.unreachable",
  hint: "Look for a proxy or a failing memory on the way: the bytes that arrived are not those that were sent.",
};
const tooLarge: Meaning = {
  code: "destination.too-large",
  hint: "Give this destination smaller parts: partSize.",
};

const byCode: Readonly<Record<string, Meaning>> = {
  ContainerNotFound: missingContainer,
  ContainerBeingDeleted: missingContainer,
  BlobAlreadyExists: taken,
  ConditionNotMet: taken,
  UnauthorizedBlobOverwrite: taken,
  BlobImmutableDueToPolicy: taken,
  Md5Mismatch: altered,
  ServerBusy: unreachable,
  OperationTimedOut: unreachable,
  InternalError: unreachable,
};

const byStatus: Readonly<Record<number, Meaning>> = {
  401: denied,
  403: denied,
  404: gone,
  408: unreachable,
  412: taken,
  413: tooLarge,
  429: unreachable,
};
