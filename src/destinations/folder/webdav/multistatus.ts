import type { FolderEntry } from "../remote-folder.ts";

/** What is asked of each resource. */
export const entryProperties = propfind("resourcetype", "getcontentlength", "getlastmodified");
export const quotaProperties = propfind("quota-available-bytes", "quota-used-bytes");

function propfind(...names: readonly string[]): string {
  const asked = names.map((name) => `<${name}/>`).join("");
  return `<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop>${asked}</prop></propfind>`;
}

export interface Resource {
  /** Decoded, without a slash at its end. */
  readonly path: string;
  readonly entry: FolderEntry;
  readonly quota: { readonly freeBytes: number; readonly totalBytes: number } | null;
}

/** Reads a 207's body. `base` is the address that was asked. Throws what the parser throws for what is none. */
export async function readMultistatus(xml: string, base: URL): Promise<readonly Resource[]> {
  const { parseXML } = await import("webdav"); // loaded only where there is such a destination
  const { multistatus } = await parseXML(xml);
  return multistatus.response.flatMap((response) => {
    const isThere = !/ [45]\d\d/.test(String(response.status ?? ""));
    return isThere ? [resourceOf(response, base)] : [];
  });
}

function resourceOf(response: object, base: URL): Resource {
  const { href, propstat } = asRecord(response);
  const told = asRecord(asRecord(propstat).prop);
  const path = pathOf(new URL(String(href), base));
  const isFolder = "collection" in asRecord(told.resourcetype);
  const modifiedMs = Date.parse(String(told.getlastmodified ?? ""));
  return {
    path,
    entry: {
      name: path.slice(path.lastIndexOf("/") + 1),
      sizeBytes: countOf(told.getcontentlength) ?? 0,
      modifiedMs: Number.isNaN(modifiedMs) ? 0 : modifiedMs,
      isFile: !isFolder,
    },
    quota: quotaOf(told),
  };
}

/** An address's path, decoded, without a slash at its end. */
export function pathOf({ pathname }: URL): string {
  const bare = pathname.replace(/\/+$/, "");
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare; // a name in no UTF-8 is none of ours
  }
}

/** Below zero servers say "unknown" or "no limit". */
function quotaOf(told: Readonly<Record<string, unknown>>): Resource["quota"] {
  const free = countOf(told["quota-available-bytes"]);
  const used = countOf(told["quota-used-bytes"]);
  return free === null || used === null ? null : { freeBytes: free, totalBytes: free + used };
}

function countOf(value: unknown): number | null {
  const count = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof count === "number" && Number.isSafeInteger(count) && count >= 0 ? count : null;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === "object" && value !== null;
  return isRecord ? (value as Record<string, unknown>) : {}; // an object's keys are texts
}
