import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseBackupFile } from "../../../src/domain/backups/backup-file.ts";
import type { Death } from "./kill.ts";
import type { Random } from "./random.ts";
import type { Workshop } from "./workshop.ts";

/** Which command must see it. */
function finderOf(name: string): readonly string[] {
  if (name === "checksums.txt") return ["run", "checksums"];
  return name.endsWith(".minisig") ? ["verify", "--signatures"] : ["verify"];
}

/** Flips one bit of one stored file, size and times as they were; the check that is for it must end with 4 and name it. */
export async function flipBit(workshop: Workshop, random: Random): Promise<Death> {
  const home = workshop.clone();
  try {
    const store = join(home, "store");
    const names = readdirSync(store).filter(
      (name) => parseBackupFile(name) !== null || name === "checksums.txt",
    );
    const name = names[Math.floor(random() * names.length)] ?? "";
    const path = join(store, name);
    const { atime, mtime } = statSync(path);
    const bytes = readFileSync(path);
    const at = Math.floor(random() * bytes.length);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
    writeFileSync(path, bytes);
    utimesSync(path, atime, mtime);
    const kind = name === "checksums.txt" ? name : (parseBackupFile(name)?.file.kind ?? "file");
    const found = await workshop.run(home, finderOf(name));
    const base = parseBackupFile(name)?.base ?? "";
    const isFound = found.code === 4 && found.stdout.includes(base);
    const wrong = isFound ? [] : [`byte ${at} of ${name}: ${found.code}: ${found.stdout}${found.stderr}`];
    return {
      command: "a bit flipped",
      step: kind,
      end: `ended ${found.code ?? -1}`,
      wrong,
      isLate: false,
      again: `${name} byte ${at}`,
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
