import { execFileSync } from "node:child_process";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "./commands.ts";
import { type Death, die } from "./kill.ts";
import type { Random } from "./random.ts";
import type { Workshop } from "./workshop.ts";

/** So large is the disk; the rest is the filler's. */
const sizeMb = 30;

/** Fills the disk of the destination or of the state at a random moment of the command. Needs root. */
export function fillDisk(
  workshop: Workshop,
  command: Command,
  { lengthMs, random }: { readonly lengthMs: number; readonly random: Random },
): Promise<Death> {
  const folder = random() < 0.5 ? "store" : "state";
  const afterMs = random() * lengthMs;
  return die(workshop, command, async (home) => {
    const disk = join(home, folder);
    const again = `--only "${command.name}" (disk of ${folder})`;
    moveToDisk(home, disk);
    try {
      const started = workshop.start(home, command.argv);
      await Promise.race([started.ended, delay(afterMs)]);
      fill(join(disk, ".filler"));
      const ended = await started.ended;
      return { ended, step: `disk full: ${folder}`, again };
    } finally {
      moveBack(home, disk);
    }
  });
}

function moveToDisk(home: string, disk: string): void {
  cpSync(disk, join(home, "aside"), { recursive: true, preserveTimestamps: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMb}m,mode=0700`, "tmpfs", disk]);
  cpSync(join(home, "aside"), disk, { recursive: true, preserveTimestamps: true });
}

function fill(path: string): void {
  try {
    writeFileSync(path, Buffer.alloc(sizeMb * 1024 * 1024));
  } catch (error) {
    // That it does not fit is the point; what fits fills it.
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  }
}

/** What lies on the small disk lies in the directory again, and there is room. */
function moveBack(home: string, disk: string): void {
  const aside = join(home, "aside");
  rmSync(join(disk, ".filler"), { force: true });
  rmSync(aside, { recursive: true, force: true });
  cpSync(disk, aside, { recursive: true, preserveTimestamps: true });
  execFileSync("umount", [disk]);
  rmSync(disk, { recursive: true, force: true });
  cpSync(aside, disk, { recursive: true, preserveTimestamps: true });
  rmSync(aside, { recursive: true, force: true });
}
