import type { IncomingMessage } from "node:http";
import type { Readable, Writable } from "node:stream";
import { Failure, messageOf } from "../../../domain/failure.ts";
import { readToEnd } from "../../../platform/read-to-end.ts";
import type { ByteRange } from "../../destination.ts";
import { existsFailure } from "../move-into-place.ts";
import type { FolderEntry, RemoteFolder } from "../remote-folder.ts";
import { entryProperties, pathOf, quotaProperties, type Resource, readMultistatus } from "./multistatus.ts";
import { folderUrl, type WebdavSettings } from "./settings.ts";
import { createWebClient, type WebClient, type WebRequest } from "./web-client.ts";
import { type Attempt, answerFailure, translateNetwork } from "./web-failure.ts";
import { createPutSink } from "./web-put.ts";
import { rangeHeader, readAnswer } from "./web-read.ts";

interface WebdavParts {
  readonly settings: WebdavSettings;
  readonly client: WebClient;
  readonly folder: URL;
}

/** A folder by RFC 4918: PUT, then MOVE with "Overwrite: F", which the server refuses when the name is taken. */
export function createWebdavFolder(settings: WebdavSettings): RemoteFolder {
  const client = createWebClient(settings);
  const parts: WebdavParts = { settings, client, folder: folderUrl(settings) };
  return {
    isAtomic: true,
    makeFolder: () => makeFolder(parts, parts.folder),
    write: (name) => write(parts, name),
    rename: (from, to) => rename(parts, from, to),
    stat: async (name) => (await find(parts, addressOf(parts, name)))?.entry ?? null,
    read: (name, range) => read(parts, name, range),
    list: () => list(parts),
    remove: (name) => remove(parts, name),
    space: () => spaceOf(parts),
    close: async () => client.close(),
  };
}

function addressOf({ folder }: WebdavParts, name: string): URL {
  return new URL(encodeURIComponent(name), folder);
}

/** The answer of a request that worked, or one of the statuses that the caller wants to see. */
async function expect(
  { client }: WebdavParts,
  request: WebRequest,
  wanted: readonly number[] = [],
): Promise<IncomingMessage> {
  const response = await client.send(request);
  const { statusCode = 0 } = response;
  if ((statusCode < 200 || statusCode >= 300) && !wanted.includes(statusCode))
    throw answerFailure(response, request.attempt);
  return response;
}

/** As expect, for answers whose body says nothing. */
async function statusOf(
  parts: WebdavParts,
  request: WebRequest,
  wanted: readonly number[] = [],
): Promise<number> {
  const response = await expect(parts, request, wanted);
  response.resume();
  return response.statusCode ?? 0;
}

/**
 * An empty file goes first: a leftover is then seen on every server, the password is settled before there are bytes
 * to send again, and the connection is known to be alive.
 */
async function write(parts: WebdavParts, name: string): Promise<Writable> {
  const url = addressOf(parts, name);
  const attempt: Attempt = { verb: "write", address: url.href };
  const empty = { method: "PUT", url, headers: { "content-length": "0" }, attempt };
  if ((await statusOf(parts, empty, [404, 409])) >= 400) throw missing(parts);
  const request = await parts.client.begin({
    method: "PUT",
    url,
    headers: { "content-type": "application/octet-stream", "transfer-encoding": "chunked" },
    attempt,
  });
  return createPutSink(request, attempt);
}

async function rename(parts: WebdavParts, from: string, to: string): Promise<void> {
  const target = addressOf(parts, to);
  const attempt: Attempt = { verb: "publish", address: target.href };
  const headers = { destination: target.href, overwrite: "F" };
  const request = { method: "MOVE", url: addressOf(parts, from), headers, attempt };
  if ((await statusOf(parts, request, [412])) === 412) throw existsFailure(target.href);
}

async function read(parts: WebdavParts, name: string, range: ByteRange | null): Promise<Readable> {
  const url = addressOf(parts, name);
  const attempt: Attempt = { verb: "read", address: url.href };
  const response = await parts.client.send({ method: "GET", url, headers: rangeHeader(range), attempt });
  return readAnswer(response, range, attempt);
}

async function list(parts: WebdavParts): Promise<readonly FolderEntry[]> {
  const found = await propfind(parts, parts.folder, { depth: "1", body: entryProperties });
  if (found === null) throw missing(parts);
  const own = pathOf(parts.folder);
  return found.filter(({ path }) => path !== own).map(({ entry }) => entry);
}

/** Null when there is nothing under that address. */
async function find(parts: WebdavParts, url: URL): Promise<Resource | null> {
  const found = await propfind(parts, url, { depth: "0", body: entryProperties });
  return found?.[0] ?? null;
}

/** The server's whole disk or the user's quota, where it tells (RFC 4331). */
async function spaceOf(parts: WebdavParts): Promise<Resource["quota"]> {
  const found = await propfind(parts, parts.folder, { depth: "0", body: quotaProperties });
  return found?.[0]?.quota ?? null;
}

interface Asking {
  readonly depth: "0" | "1";
  readonly body: string;
}

/** Null: 404. */
async function propfind(
  parts: WebdavParts,
  url: URL,
  { depth, body }: Asking,
): Promise<readonly Resource[] | null> {
  const attempt: Attempt = { verb: depth === "1" ? "list" : "look at", address: url.href };
  const headers = {
    depth,
    "content-type": "application/xml; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
  };
  const response = await expect(parts, { method: "PROPFIND", url, headers, body, attempt }, [404]);
  const text = String(
    await readToEnd(response).catch((error) => Promise.reject(translateNetwork(error, attempt))),
  );
  if (response.statusCode === 404) return null;
  try {
    if (response.statusCode !== 207) throw new Error(`the answer is ${response.statusCode}, not 207`);
    return await readMultistatus(text, url);
  } catch (error) {
    throw new Failure("destination.io", `Cannot ${attempt.verb} "${url.href}": ${messageOf(error)}`, {
      hint: "Set url to the folder's WebDAV address; this one answers like an ordinary page.",
      cause: error,
    });
  }
}

/** "retained": it is forbidden, not offered, or another client has locked it. */
async function remove(parts: WebdavParts, name: string): Promise<"removed" | "gone" | "retained"> {
  const url = addressOf(parts, name);
  const attempt: Attempt = { verb: "remove", address: url.href };
  const status = await statusOf(parts, { method: "DELETE", url, attempt }, [403, 404, 405, 410, 423]);
  if (status === 404 || status === 410) return "gone";
  return status >= 400 ? "retained" : "removed";
}

/** Creates a folder and those above it; fine when it is there. */
async function makeFolder(parts: WebdavParts, url: URL): Promise<void> {
  const attempt: Attempt = { verb: "create", address: url.href };
  const status = await statusOf(parts, { method: "MKCOL", url, attempt }, [403, 404, 405, 409]);
  if (status === 405 || status < 300) return; // 405: it is there
  const isTop = url.pathname === "/";
  if (status === 403 || isTop) {
    if ((await find(parts, url)) !== null) return; // a folder that is given may be all that we may use
    throw new Failure("destination.denied", `Cannot create "${url.href}": permission denied`, {
      hint: "Create the folder on the server, or let this user do so.",
    });
  }
  await makeFolder(parts, new URL("..", url));
  await statusOf(parts, { method: "MKCOL", url, attempt }, [405]);
}

function missing({ settings, folder }: WebdavParts): Failure {
  return new Failure("destination.missing", `Cannot use "${folder.href}": there is no such folder`, {
    hint: `See whether url is right; else create it: codex-backup destination init ${settings.name}.`,
  });
}
