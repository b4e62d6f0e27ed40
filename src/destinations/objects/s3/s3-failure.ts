import { Failure } from "../../../domain/failure.ts";
import type { FailureCode } from "../../../domain/failure-table.ts";
import { formatInstant, type Instant } from "../../../domain/instant.ts";
import { redact, type Secret } from "../../../domain/secret.ts";
import type { S3Settings } from "./settings.ts";

/** What was asked, for messages. */
export interface S3Attempt {
  readonly verb: string;
  /** With the prefix; null: the bucket. */
  readonly key: string | null;
  /** The right that it needs: "s3:PutObject". */
  readonly action: string;
}

/** What a server's error tells, as far as it tells it. */
export interface S3Seen {
  /** The server's own word, or the system's: "SlowDown", "ECONNRESET"; "HTTP 403" when there is none. */
  readonly code: string;
  readonly status: number | null;
  readonly message: string;
  readonly requestId: string | null;
  /** Where the server says that the bucket lies. */
  readonly region: string | null;
  /** The server's clock. */
  readonly date: string | null;
}

/** Reads what the library throws, without trusting its shape. */
function readS3Error(thrown: unknown): S3Seen {
  const error = recordOf(thrown);
  const metadata = recordOf(error.$metadata);
  const headers = recordOf(recordOf(error.$response).headers);
  const status = typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : null;
  const inner = recordOf(error.cause);
  const named = [error.Code, error.code, inner.code, error.name].map(textOf).find(isTelling);
  return {
    code: named ?? (status === null ? (textOf(error.name) ?? "an error") : `HTTP ${status}`),
    status,
    message: textOf(error.message) ?? "",
    requestId: textOf(metadata.requestId),
    region: textOf(headers["x-amz-bucket-region"]) ?? textOf(error.Region),
    date: textOf(headers.date),
  };
}

/** A library's error in the words of this room. Failures pass unchanged. */
export function translateS3Error(
  thrown: unknown,
  attempt: S3Attempt,
  { settings, now }: { readonly settings: S3Settings; readonly now: Instant },
): Failure {
  if (thrown instanceof Failure) return thrown;
  const seen = readS3Error(thrown);
  const meaning = meaningOf(seen, attempt, { settings, now });
  const bucket = `s3://${settings.bucket}`;
  const thing = attempt.key === null ? `"${bucket}"` : `"${attempt.key}" at "${bucket}"`;
  const words = [seen.code, seen.message === seen.code ? "" : seen.message].filter((text) => text !== "");
  const request = seen.requestId === null ? "" : ` (request ${seen.requestId})`;
  const message = `Cannot ${attempt.verb} ${thing}: ${meaning.seen ?? words.join(", ")}${request}`;
  return new Failure(meaning.code, redact(message, secretsOf(settings)), {
    hint: meaning.hint,
    context: { code: seen.code, status: seen.status, requestId: seen.requestId },
    cause: thrown,
  });
}

interface Circumstances {
  readonly settings: S3Settings;
  readonly now: Instant;
}

interface Meaning {
  readonly code: FailureCode;
  readonly hint: string;
  /** In place of the server's words. */
  readonly seen?: string;
}

function meaningOf(seen: S3Seen, attempt: S3Attempt, { settings, now }: Circumstances): Meaning {
  const { name, bucket, region } = settings;
  if (seen.code === "RequestTimeTooSkewed") {
    const theirs = seen.date === null ? "" : `; the server's is ${seen.date}`;
    const words = `${seen.code}, this machine's clock is ${formatInstant(now)}${theirs}`;
    return {
      code: "destination.denied",
      seen: words,
      hint: "Set this machine's clock: timedatectl set-ntp true.",
    };
  }
  if (isElsewhere(seen)) {
    const hint = `Set region: ${seen.region ?? "(the bucket's own)"} for the destination "${name}".`;
    const words = `${seen.code}, the bucket lies in ${seen.region ?? "another region"} and not in ${region}`;
    return { code: "destination.missing", seen: words, hint };
  }
  if (seen.code === "NoSuchBucket")
    return { code: "destination.missing", hint: `Create the bucket "${bucket}", or correct its name.` };
  return (
    plainMeanings.find(({ codes }) => codes.includes(seen.code)) ??
    byStatus(seen, attempt) ?? {
      code: "destination.io",
      hint: "Look up the server's word in its documentation, and run codex-backup destination test.",
    }
  );
}

function isElsewhere({ code, status, region }: S3Seen): boolean {
  if (code === "AuthorizationHeaderMalformed") return region !== null;
  return status === 301 || code === "PermanentRedirect" || code === "IllegalLocationConstraintException";
}

function byStatus({ code, status }: S3Seen, { action }: S3Attempt): Meaning | null {
  if (code === "AccessDenied" || status === 403 || status === 401)
    return {
      code: "destination.denied",
      hint: `Give these credentials the right ${action} on this bucket and its objects.`,
    };
  if (status === 404) return notFound;
  if (status === 412) return taken;
  if (status === 507) return full;
  if (status === 429 || (status !== null && status >= 500 && status !== 501)) return passing;
  return status === null ? network(code) : null;
}

const notFound: Meaning = {
  code: "destination.not-found",
  hint: "Compare what is there with: codex-backup list.",
};

const taken: Meaning = {
  code: "destination.exists",
  hint: "Move that object away, or let the job's name carry the time.",
};

const full: Meaning = {
  code: "destination.full",
  hint: "Prune, or have the bucket's quota raised.",
};

const passing: Meaning = {
  code: "destination.unreachable",
  hint: "It is tried again; if it lasts, see whether the storage service reports an outage.",
};

const untrusted: Meaning = {
  code: "destination.denied",
  hint: "Set caFile to the certificate authority of this server, or correct the endpoint's host name.",
};

/** Without an answer: the connection, the name, or the certificate. */
function network(code: string): Meaning {
  if (/CERT|SELF_SIGNED|UNABLE_TO_|DEPTH_ZERO|ALTNAME/.test(code)) return untrusted;
  const hint = "See whether the endpoint's host and port are right and can be reached from here.";
  return { code: "destination.unreachable", hint };
}

const plainMeanings: readonly (Meaning & { readonly codes: readonly string[] })[] = [
  { ...notFound, codes: ["NoSuchKey", "NotFound", "NoSuchUpload", "NoSuchVersion"] },
  { ...taken, codes: ["PreconditionFailed", "ConditionalRequestConflict"] },
  { ...full, codes: ["QuotaExceeded", "InsufficientStorage", "XMinioStorageFull"] },
  {
    ...passing,
    codes: ["SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "OperationAborted"],
  },
  {
    ...passing,
    codes: ["BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest"],
    hint: "The bytes were altered on the way: look for a faulty network card, proxy or memory if it comes again.",
  },
  {
    codes: ["SignatureDoesNotMatch"],
    code: "destination.denied",
    hint: "The secret key does not belong to the key id, or a proxy changes requests: set the secret anew.",
  },
  {
    codes: ["InvalidAccessKeyId", "InvalidClientTokenId"],
    code: "destination.denied",
    hint: "The server does not know this key id: see whether it was removed, and whether the endpoint is the right one.",
  },
  {
    codes: ["ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"],
    code: "destination.denied",
    hint: "The session's credentials have ended: fetch new ones, or use the chain, which fetches them by itself.",
  },
  {
    codes: ["CredentialsProviderError"],
    code: "destination.denied",
    hint: "No credentials were found in the environment, the shared files or this machine's role: give them in the config.",
  },
  {
    codes: ["InvalidObjectState"],
    code: "destination.io",
    hint: "It lies in an archive class: have the service restore it first, then try again.",
  },
  {
    codes: ["EntityTooLarge"],
    code: "destination.too-large",
    hint: "Set a smaller partSize for this destination.",
  },
];

function secretsOf({ credentials }: S3Settings): readonly Secret[] {
  if (credentials.kind === "chain") return [];
  const { secret, sessionToken, keyId } = credentials;
  return [secret, keyId, ...(sessionToken === null ? [] : [sessionToken])];
}

/** The library's own names for "it failed" say less than the status. */
function isTelling(name: string | null): name is string {
  return (
    name !== null &&
    !["Error", "Unknown", "UnknownError", "S3ServiceException", "AggregateError"].includes(name)
  );
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** Empty for what is no object. */
function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  // Any object can be read by its keys; what stands there is looked at before it is used.
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
