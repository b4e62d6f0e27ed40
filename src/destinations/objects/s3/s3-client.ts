import { readFile } from "node:fs/promises";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { S3Client } from "@aws-sdk/client-s3";
import { Failure, messageOf } from "../../../domain/failure.ts";
import type { S3Credentials, S3Settings } from "./settings.ts";

/** The library, loaded when it is first needed. */
export type S3Library = typeof import("@aws-sdk/client-s3");

export interface OpenS3 {
  readonly client: S3Client;
  readonly sdk: S3Library;
}

export interface S3Connection {
  open(): Promise<OpenS3>;
  close(): void;
}

const connectWithinMs = 10_000;
/** A socket on which nothing moves for so long is half-open: its peer is gone and nobody said so. */
const silentForMs = 60_000;
const attempts = 4;

/** Loads the library and makes the client when it is first asked for. */
export function createS3Connection(settings: S3Settings): S3Connection {
  let opening: Promise<OpenS3> | null = null;
  const connect = async () => {
    const [sdk, ca] = await Promise.all([import("@aws-sdk/client-s3"), readCa(settings)]);
    return { sdk, client: createClient(sdk, settings, ca) };
  };
  return {
    open() {
      opening ??= connect().catch((error: unknown) => {
        opening = null;
        throw error;
      });
      return opening;
    },
    close() {
      const closing = opening;
      opening = null;
      closing?.then(
        ({ client }) => client.destroy(),
        () => undefined, // it was told to whoever opened it
      );
    },
  };
}

function createClient(sdk: S3Library, settings: S3Settings, ca: Buffer | null): S3Client {
  const { region, endpoint, pathStyle, proxy, concurrency } = settings;
  const agent = {
    keepAlive: true,
    maxSockets: 4 * concurrency + 16,
    ...(proxy !== null && { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
  };
  const client = new sdk.S3Client({
    region,
    forcePathStyle: pathStyle,
    maxAttempts: attempts,
    // Newer checksums are refused by most servers that are not Amazon's; parts carry our own.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: connectWithinMs,
      socketTimeout: silentForMs,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent({ ...agent, ...(ca !== null && { ca }) }),
    },
    ...(endpoint !== null && { endpoint }),
    ...credentialsOf(settings.credentials),
  });
  leavePayloadUnsigned(client);
  return client;
}

/** The chain is the library's own default. */
function credentialsOf(credentials: S3Credentials) {
  if (credentials.kind === "chain") return {};
  const { keyId, secret, sessionToken } = credentials;
  return {
    credentials: {
      accessKeyId: keyId.reveal(),
      secretAccessKey: secret.reveal(),
      ...(sessionToken !== null && { sessionToken: sessionToken.reveal() }),
    },
  };
}

/**
 * A body whose MD5 stands in a signed header is bound to the signature by that. To hash it once more, by SHA-256,
 * would cost more time than to send it.
 */
function leavePayloadUnsigned(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (step) => {
      const { request } = step;
      if (hasHeaders(request) && "content-md5" in request.headers)
        request.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
      return next(step);
    },
    { name: "leavePayloadUnsigned", step: "build", priority: "low" },
  );
}

function hasHeaders(request: unknown): request is { readonly headers: Record<string, string> } {
  return typeof request === "object" && request !== null && "headers" in request;
}

async function readCa({ caFile, name }: S3Settings): Promise<Buffer | null> {
  if (caFile === null) return null;
  try {
    return await readFile(caFile);
  } catch (error) {
    throw new Failure("destination.io", `Cannot read "${caFile}": ${messageOf(error)}`, {
      hint: `Correct caFile of the destination "${name}".`,
      cause: error,
    });
  }
}
