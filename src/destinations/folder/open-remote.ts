import { Readable } from "node:stream";
import type { ByteRange, OpenedFile } from "../destination.ts";
import type { RemoteFolder } from "./remote-folder.ts";

/** Throws "destination.not-found". "cached": the server reads what it has just taken from its own cache. */
export async function openRemote(
  folder: RemoteFolder,
  name: string,
  range: ByteRange | null,
): Promise<OpenedFile> {
  const isEmpty = range !== null && range.length <= 0; // no protocol can ask for nothing
  const stream = isEmpty ? Readable.from([], { objectMode: false }) : await folder.read(name, range);
  return { stream, source: "cached" };
}
