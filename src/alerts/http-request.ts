import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import type { Clock } from "../platform/clock.ts";

/** One POST. */
export interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Who may vouch for the other side, in PEM; without TLS nobody is asked. */
  readonly authorities: readonly string[];
}

/** What the other side said, as far as it was read. */
export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** The beginning, at most 4 KB; less when the other side was slow to tell it. */
  readonly body: string;
}

const bodyLimitBytes = 4096;
/** The status says what happened; what follows it is only worth a short wait. */
const bodyLimitMs = 1000;

/**
 * Sends one request over a connection of its own. Redirects are answers like any other: following them would
 * take secrets to another host. Rejects with the signal's reason, or with Node's error.
 */
export function sendRequest(
  { url, headers, body, authorities }: HttpRequest,
  signal: AbortSignal,
  clock: Clock,
): Promise<HttpAnswer> {
  const address = new URL(url);
  const bytes = Buffer.from(body);
  const isSecure = address.protocol === "https:";
  const options = {
    method: "POST",
    headers: { ...headers, "content-length": String(bytes.length), connection: "close" },
    agent: false,
    signal,
    maxHeaderSize: 16 * 1024,
  } as const;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(signal.aborted ? signal.reason : error);
    const outgoing = isSecure
      ? // said although it is the default: an environment variable could turn it off
        requestSecure(address, { ...options, ca: [...authorities], rejectUnauthorized: true })
      : requestPlain(address, options);
    outgoing.on("error", fail); // also after the answer, when we have hung up
    outgoing.once("response", (incoming) => {
      readStart(incoming, clock).then((start) => {
        outgoing.destroy();
        const { statusCode = 0, headers: given } = incoming;
        resolve({ status: statusCode, retryAfter: given["retry-after"] ?? null, body: start });
      }, fail);
    });
    outgoing.end(bytes);
  });
}

/** Never rejects: a body that breaks off is as short as it is. */
function readStart(incoming: IncomingMessage, clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const end = () => {
      cancel();
      resolve(new TextDecoder().decode(Buffer.concat(chunks).subarray(0, bodyLimitBytes)));
    };
    const cancel = clock.after(bodyLimitMs, end);
    incoming.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes >= bodyLimitBytes) end();
    });
    incoming.once("end", end);
    incoming.once("error", end);
    incoming.once("close", end);
  });
}
