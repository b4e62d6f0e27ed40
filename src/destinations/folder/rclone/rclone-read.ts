import { finished, Readable } from "node:stream";
import { Failure } from "../../../domain/failure.ts";
import { type Child, succeeded } from "../../../platform/child.ts";
import type { ByteRange } from "../../destination.ts";
import { failureOf } from "./rclone-error.ts";
import type { RcloneParts } from "./rclone-folder.ts";

/**
 * `rclone cat` of one file. It is looked for first: of a name that is not there, `cat` may end well with no byte, and
 * of a folder with the bytes of all its files. The stream fails unless it brings as many bytes as were to be expected.
 */
export async function openReading(
  { rclone, location, fileOf, stat }: RcloneParts,
  name: string,
  range: ByteRange | null,
): Promise<Readable> {
  const doing = `read "${name}" of ${location}`;
  const found = await stat(name);
  if (found === null) {
    throw new Failure("destination.not-found", `Cannot ${doing}: there is no such file`, {
      hint: "Compare the folder with: codex-backup list.",
    });
  }
  const { start, length } = range ?? { start: 0, length: found.sizeBytes };
  const expected = Math.max(0, Math.min(length, found.sizeBytes - start));
  if (expected === 0) return Readable.from([], { objectMode: false });
  const part = range === null ? [] : ["--offset", String(start), "--count", String(expected)];
  const child = await rclone.start(["cat", ...part, fileOf(name)], { stdout: "pipe" });
  return wholeOutput(child, { doing, expected });
}

interface Expectation {
  readonly doing: string;
  readonly expected: number;
}

/** Ends only after the child ended well with so many bytes. Destroyed, it kills the child. */
function wholeOutput(child: Child, { doing, expected }: Expectation): Readable {
  const { stdout } = child;
  let bytes = 0;
  const outer = new Readable({
    read: () => void stdout?.resume(),
    destroy(error, done) {
      child.kill();
      stdout?.destroy();
      done(error);
    },
  });
  const settle = async () => {
    const end = await child.ended;
    if (outer.destroyed) return;
    if (!succeeded(end)) outer.destroy(failureOf(doing, end));
    else if (bytes !== expected) outer.destroy(cutShort(doing, bytes, expected));
    else outer.push(null);
  };
  stdout?.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (!outer.push(chunk)) stdout.pause();
  });
  if (stdout !== null) finished(stdout, () => void settle());
  return outer;
}

function cutShort(doing: string, bytes: number, expected: number): Failure {
  return new Failure("destination.unreachable", `Cannot ${doing}: ${bytes} of ${expected} bytes came`, {
    hint: "Run it again; when it stays so, compare with: rclone lsjson.",
  });
}
