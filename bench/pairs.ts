import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What one run of one command took. */
export interface Taken {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Of the largest single process. */
  readonly peakMb: number;
  readonly stdout: string;
}

export interface Contender {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Before each run, not counted: makes room for the next. */
  readonly reset?: () => void;
}

const measure = fileURLToPath(new URL("./measure.py", import.meta.url));

/** Runs one command to its end. Throws when it does not exit 0: a failed run is no measurement. */
export function take(contender: Contender): Promise<Taken> {
  contender.reset?.();
  const figures = join(tmpdir(), `bench-${process.pid}.json`);
  const descriptor = openSync(figures, "w");
  const child = spawn("python3", [measure, ...contender.argv], {
    env: { ...process.env, ...contender.env },
    stdio: ["ignore", "pipe", "pipe", descriptor],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => {
      closeSync(descriptor);
      const { code, wallMs, cpuMs, peakKb } = JSON.parse(readFileSync(figures, "utf8"));
      rmSync(figures);
      if (code !== 0)
        reject(
          new Error(
            `${contender.name} exited ${code}: ${Buffer.concat([...stderr, ...stdout])
              .toString("utf8")
              .slice(-3000)}`,
          ),
        );
      else resolve({ wallMs, cpuMs, peakMb: peakKb / 1024, stdout: Buffer.concat(stdout).toString("utf8") });
    });
  });
}

/** Runs all in turn, A B C A B C …, after one round that does not count, so that a drifting machine is shared fairly. */
export async function takeTurns(
  contenders: readonly Contender[],
  rounds: number,
): Promise<readonly (readonly Taken[])[]> {
  const taken: Taken[][] = contenders.map(() => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      const one = await take(contender);
      if (round > 0) taken[index]?.push(one);
    }
  }
  return taken;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The median of the ratios, pair by pair. */
export function medianRatio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, index) => value / (theirs[index] ?? Number.NaN)));
}
