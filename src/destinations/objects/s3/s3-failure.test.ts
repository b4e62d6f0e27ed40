import assert from "node:assert/strict";
import { test } from "node:test";
import { plainTraits } from "../../../../tests/fakes/plain-traits.ts";
import { instant } from "../../../domain/instant.ts";
import { Secret } from "../../../domain/secret.ts";
import { translateS3Error } from "./s3-failure.ts";
import type { S3Settings } from "./settings.ts";

const settings: S3Settings = {
  name: "offsite",
  bucket: "codex",
  prefix: "",
  region: "eu-central-1",
  endpoint: null,
  pathStyle: false,
  credentials: {
    kind: "keys",
    keyId: new Secret("AKIAEXAMPLE"),
    secret: new Secret("very/secret"),
    sessionToken: null,
  },
  storageClass: null,
  encryption: null,
  lock: null,
  partBytes: null,
  integrity: "md5",
  concurrency: 3,
  caFile: null,
  proxy: null,
  traits: plainTraits,
  swornImmutableDays: null,
};
const attempt = { verb: "write", key: "a.sql", action: "s3:PutObject" };
const now = instant(Date.UTC(2026, 10, 23, 3, 0, 0));

interface Answer {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** As the library throws it. */
function thrown({ name = "Error", code, message = "words", status, headers = {} }: Answer): Error {
  return Object.assign(new Error(message), {
    name,
    ...(code !== undefined && { code }),
    $metadata: { ...(status !== undefined && { httpStatusCode: status, requestId: "tx01" }) },
    $response: { headers },
  });
}

function translated(answer: Answer) {
  return translateS3Error(thrown(answer), attempt, { settings, now });
}

test("each word of a server becomes one of ours", () => {
  const codes = (answers: readonly Answer[]) => answers.map((answer) => translated(answer).code);
  const passing: readonly Answer[] = [
    { name: "SlowDown", status: 503 },
    { name: "InternalError", status: 500 },
    { name: "UnknownError", status: 502 },
    { name: "TooManyRequests", status: 429 },
    { name: "TimeoutError" },
    { code: "ECONNRESET" },
    { code: "ENOTFOUND" },
    { name: "BadDigest", status: 400 },
  ];
  assert.deepEqual(new Set(codes(passing)), new Set(["destination.unreachable"]));
  const denied: readonly Answer[] = [
    { name: "SignatureDoesNotMatch", status: 403 },
    { name: "ExpiredToken", status: 400 },
    { name: "AccessDenied", status: 403 },
    { name: "UnknownError", status: 403 },
    { name: "CredentialsProviderError" },
    { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
  ];
  assert.deepEqual(new Set(codes(denied)), new Set(["destination.denied"]));
  const others: readonly Answer[] = [
    { name: "NoSuchBucket", status: 404 },
    { name: "NotFound", status: 404 },
    { name: "PreconditionFailed", status: 412 },
    { name: "QuotaExceeded", status: 403 },
    { name: "InvalidArgument", status: 400 },
  ];
  assert.deepEqual(codes(others), [
    "destination.missing",
    "destination.not-found",
    "destination.exists",
    "destination.full",
    "destination.io",
  ]);
});

test("the message has the server's word and request, the hint what mends it", () => {
  const denied = translated({ name: "AccessDenied", status: 403, message: "Access Denied" });
  assert.equal(
    denied.message,
    'Cannot write "a.sql" at "s3://codex": AccessDenied, Access Denied (request tx01)',
  );
  assert.match(denied.hint ?? "", /the right s3:PutObject/);
  const elsewhere = translated({
    name: "PermanentRedirect",
    status: 301,
    headers: { "x-amz-bucket-region": "us-west-2" },
  });
  assert.match(`${elsewhere.message} ${elsewhere.hint}`, /lies in us-west-2.* Set region: us-west-2/);
  const date = "Mon, 23 Nov 2026 02:00:00 GMT";
  const skewed = translated({ name: "RequestTimeTooSkewed", status: 403, headers: { date } });
  assert.match(
    skewed.message,
    /this machine's clock is 2026-11-23T03:00:00.*the server's is Mon, 23 Nov 2026 02/,
  );
});

test("a secret that a server repeats is not repeated", () => {
  const { message } = translated({
    name: "InvalidArgument",
    status: 400,
    message: "AKIAEXAMPLE very/secret",
  });
  assert.doesNotMatch(message, /AKIAEXAMPLE|very\/secret/);
});
