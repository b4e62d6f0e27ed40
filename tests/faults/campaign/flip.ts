import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseBackupFile } from "../../../src/domain/backups/backup-file.ts";
import type { Death } from "./kill.ts";
import type { Random } from "./random.ts";
import type { Ended, Workshop } from "./workshop.ts";

/** A hash in capitals is the same hash: of a letter its lowest bit is flipped in place of the one for its case. */
function flipped(byte: number, bit: number): number {
  const isLetter = /[a-z]/i.test(String.fromCharCode(byte));
  return byte ^ (isLetter && bit === 5 ? 1 : 1 << bit);
}

/** "signature of proof" */
function kindOf(name: string): string {
  const file = parseBackupFile(name)?.file;
  if (file === undefined) return name;
  return file.kind === "signature" || file.kind === "encrypted"
    ? `${file.kind} of ${file.of.kind}`
    : file.kind;
}

/** Which command must see it. */
function finderOf(name: string): readonly string[] {
  if (name === "checksums.txt") return ["run", "checksums"];
  return name.endsWith(".minisig") || /\.proof-[^.]+\.json$/.test(name)
    ? ["verify", "--signatures"]
    : ["verify"];
}

/** The first line of a signature is for people: nothing signs it, so a bit of it is no fault. */
function firstByte(name: string, bytes: Buffer): number {
  return name.endsWith(".minisig") || /\.proof-[^.]+\.json$/.test(name) ? bytes.indexOf("\n") + 1 : 0;
}

/**
 * The receipt of a check is evidence and not data: verify looks at the copy itself again, finds it sound, and says of
 * it no more than that. Of all else it must end with 4 and name the backup.
 */
function isAsPromised(kind: string, base: string, { code, stdout }: Ended): boolean {
  if (kind !== "check") return code === 4 && stdout.includes(base);
  const lines = stdout.split("\n").filter((line) => line.startsWith(base));
  return code === 0 && lines.length > 0 && lines.every((line) => /\bok {2}(hashed|proven)\b/.test(line));
}

/** Flips one bit of one stored file, size and times as they were. */
export async function flipBit(workshop: Workshop, random: Random): Promise<Death> {
  const home = workshop.clone();
  try {
    const place = random() < 0.75 ? "store" : "second";
    const store = join(home, place);
    const names = readdirSync(store).filter(
      (name) => parseBackupFile(name) !== null || (place === "store" && name === "checksums.txt"),
    );
    const name = names[Math.floor(random() * names.length)] ?? "";
    const path = join(store, name);
    const { atime, mtime } = statSync(path);
    const bytes = readFileSync(path);
    const first = firstByte(name, bytes);
    const at = first + Math.floor(random() * (bytes.length - first));
    bytes.writeUInt8(flipped(bytes.readUInt8(at), Math.floor(random() * 8)), at);
    writeFileSync(path, bytes);
    utimesSync(path, atime, mtime);
    const kind = kindOf(name);
    const found = await workshop.run(home, finderOf(name));
    const base = parseBackupFile(name)?.base ?? "";
    const wrong = isAsPromised(kind, base, found)
      ? []
      : [`byte ${at} of ${name}: ${found.code}: ${found.stdout}${found.stderr}`];
    return {
      command: "a bit flipped",
      step: kind,
      end: `ended ${found.code ?? -1}`,
      wrong,
      isLate: false,
      again: `${place}/${name} byte ${at}`,
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
