import { Writable } from "node:stream";
import { Failure } from "../../../domain/failure.ts";
import { type Child, describeEnd, succeeded } from "../../../platform/child.ts";
import { failureOf } from "./rclone-error.ts";
import type { RcloneParts } from "./rclone-folder.ts";

/**
 * `rclone rcat` under a hidden name. rcat takes the end of its input for the end of the file, also when whoever
 * wrote to it was killed: therefore never under a final name, and the sink finishes only after the remote was asked
 * how many bytes it holds.
 */
export async function openWriting(parts: RcloneParts, name: string): Promise<Writable> {
  const { rclone, location, fileOf } = parts;
  const doing = `write "${name}" of ${location}`;
  const child = await rclone.start(["rcat", fileOf(name)], { stdin: "pipe" });
  let bytes = 0;
  return new Writable({
    highWaterMark: 1024 * 1024,
    write(chunk: Buffer, _encoding, done) {
      child.stdin?.write(chunk, (error) => {
        bytes += chunk.length;
        if (error) void endedEarly(child, doing).then(done);
        else done();
      });
    },
    final(done) {
      child.stdin?.end();
      finish(parts, { child, name, doing, bytes }).then(() => done(), done);
    },
    destroy(error, done) {
      // Killed before its input ends, else it would store the half as a whole; and gone before anybody removes it.
      child.kill();
      void child.ended.then(() => done(error));
    },
  });
}

/** Its input broke because it has ended, whatever it says about that. */
async function endedEarly(child: Child, doing: string): Promise<Failure> {
  const end = await child.ended;
  if (!succeeded(end)) return failureOf(doing, end);
  return new Failure("destination.io", `Cannot ${doing}: rclone stopped reading and reported success`, {
    hint: "Try the same by hand with rclone rcat.",
  });
}

interface Written {
  readonly child: Child;
  readonly name: string;
  readonly doing: string;
  readonly bytes: number;
}

async function finish({ stat }: RcloneParts, { child, name, doing, bytes }: Written): Promise<void> {
  const end = await child.ended;
  if (!succeeded(end)) throw failureOf(doing, end);
  const held = (await stat(name))?.sizeBytes ?? null;
  if (held === bytes) return;
  const seen = held === null ? "no file" : `${held} bytes`;
  throw new Failure(
    "destination.io",
    `Cannot ${doing}: ${bytes} bytes were sent, and the remote holds ${seen} (${describeEnd(end)})`,
    { hint: "Run the job again; when it stays so, the remote cannot be used for backups." },
  );
}
