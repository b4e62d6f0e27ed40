import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Bench, emptyFolder } from "../bench-parts.ts";
import { takeTurns } from "../pairs.ts";
import { atMost, peakOf, wallOf } from "../results.ts";

/** A capsule of a tree, against the programs that people zip with. */
export async function benchCapsule(bench: Bench): Promise<void> {
  const { home, rounds, results } = bench;
  const tree = join(home, "tree");
  const out = join(home, "old.zip");
  const gone = () => rmSync(out, { force: true });
  const python = `import os, zipfile\nwith zipfile.ZipFile("${out}", "w", zipfile.ZIP_DEFLATED) as z:\n  for d, _, fs in os.walk("${tree}"):\n    for f in fs: z.write(os.path.join(d, f), os.path.relpath(os.path.join(d, f), "${tree}"))`;
  const sizes = { python: 0, sevenZip: 0 };
  const [capsule, zipfile] = await takeTurns(
    [
      bench.ours("capsule", ["run", "replays", "--json"], () => emptyFolder(join(home, "replays"))),
      { name: "python", argv: ["python3", "-c", python], reset: gone },
    ],
    rounds,
  );
  sizes.python = statSync(out).size;
  const [again, sevenZip] = await takeTurns(
    [
      bench.ours("capsule", ["run", "replays", "--json"], () => emptyFolder(join(home, "replays"))),
      {
        name: "7z",
        argv: ["sh", "-c", `cd ${tree} && 7z a -tzip -mmt2 -mx5 -bso0 -bsp0 ${out} .`],
        reset: gone,
      },
    ],
    rounds,
  );
  sizes.sevenZip = statSync(out).size;
  const zip = readdirSync(join(home, "replays")).find((file) => file.endsWith(".zip")) ?? "";
  const size = statSync(join(home, "replays", zip)).size;
  results.note(
    "capsule (read back and checked), against Python's zipfile",
    wallOf(capsule),
    wallOf(zipfile),
    atMost(0.625),
  );
  results.note(
    "capsule (read back and checked), against `7z -mx5`",
    wallOf(again),
    wallOf(sevenZip),
    atMost(1),
  );
  results.size("size of the capsule, against Python's zipfile", size, sizes.python);
  results.size("size of the capsule, against `7z -mx5`", size, sizes.sevenZip);
  results.memory("a capsule run", peakOf(capsule), 200);
}
