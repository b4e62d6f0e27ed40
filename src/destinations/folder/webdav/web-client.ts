import { readFile } from "node:fs/promises";
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Failure, messageOf } from "../../../domain/failure.ts";
import type { WebdavSettings } from "./settings.ts";
import { type Attempt, translateNetwork } from "./web-failure.ts";

/** A server may take as long as a slow disk needs for a large file; then nobody is there. */
const silenceMs = 5 * 60_000;

export interface WebRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly attempt: Attempt;
}

/**
 * Sends requests to one server. Redirects are never followed: the password would go along to whomever they name.
 */
export interface WebClient {
  /** The answer's head, whatever its status; its body must be read or destroyed. Throws "destination.unreachable" or "…denied". */
  send(request: WebRequest): Promise<IncomingMessage>;
  /** Begins a request whose body the caller writes; the caller hears its errors. */
  begin(request: WebRequest): Promise<ClientRequest>;
  /** Ends idle connections; new ones are made when needed. */
  close(): void;
}

export function createWebClient(settings: WebdavSettings): WebClient {
  let agents: Promise<Agents> | null = null;
  const begin = async ({ method, url, headers = {} }: WebRequest): Promise<ClientRequest> => {
    agents ??= makeAgents(settings).catch((error: unknown) => {
      agents = null;
      throw error;
    });
    const { http, https } = await agents;
    const options = {
      method,
      headers: { "accept-encoding": "identity", ...authorization(settings), ...headers },
      timeout: silenceMs,
    };
    const request =
      url.protocol === "https:"
        ? httpsRequest(url, { ...options, agent: https })
        : httpRequest(url, { ...options, agent: http });
    return request.on("timeout", () =>
      request.destroy(new Error(`nothing was answered for ${silenceMs / 60_000} minutes`)),
    );
  };
  const send = async (given: WebRequest, isSecond = false): Promise<IncomingMessage> => {
    const request = await begin(given);
    try {
      return await answerOf(request, given.body);
    } catch (error) {
      if (!isSecond && request.reusedSocket && harmlessTwice.includes(given.method)) return send(given, true);
      throw translateNetwork(error, given.attempt);
    }
  };
  return {
    begin,
    send: (given) => send(given),
    close() {
      const current = agents;
      agents = null;
      current?.then(
        ({ http, https }) => {
          http.destroy();
          https.destroy();
        },
        () => undefined, // they were never made
      );
    },
  };
}

/** Servers end idle connections at the very moment that we use them again. */
const harmlessTwice: readonly string[] = ["PROPFIND", "GET", "PUT"];

function answerOf(request: ClientRequest, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.once("response", (response) => {
      response.on("error", () => undefined); // whoever reads the body hears of it
      resolve(response);
    });
    request.end(body);
  });
}

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

async function makeAgents(settings: WebdavSettings): Promise<Agents> {
  const { caFile, proxy } = settings;
  const shared = {
    keepAlive: true,
    ...(proxy !== null && { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
  };
  const ca = caFile === null ? {} : { ca: await readAuthority(caFile, settings.name) };
  return { http: new HttpAgent(shared), https: new HttpsAgent({ ...shared, ...ca }) };
}

async function readAuthority(file: string, name: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Failure("destination.io", `Cannot read "${file}": ${messageOf(error)}`, {
      hint: `Correct webdav.ca of the destination "${name}".`,
      cause: error,
    });
  }
}

function authorization({ user, password }: WebdavSettings): Readonly<Record<string, string>> {
  if (user === null) return {};
  const pair = Buffer.from(`${user}:${password?.reveal() ?? ""}`).toString("base64");
  return { authorization: `Basic ${pair}` };
}
