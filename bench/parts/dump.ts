import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Bench, emptyFolder } from "../bench-parts.ts";
import { type Contender, takeTurns } from "../pairs.ts";
import { atMost, peakOf, wallOf, windowOf } from "../results.ts";

/** Runs of a database job, against the lines that they replace. */
export async function benchDump(bench: Bench, shell: Readonly<Record<string, string>>): Promise<void> {
  const { home, rounds, results } = bench;
  const out = join(home, "old.out");
  const old = (name: string, line: string): Contender => ({
    name,
    argv: ["sh", "-c", `${line} > ${out}`],
    env: shell,
    reset: () => rmSync(out, { force: true }),
  });
  const clear = (name: string) => () => emptyFolder(join(home, name));
  const [plain, packed, dump, zstd, custom] = await takeTurns(
    [
      bench.ours("run, compress: none", ["run", "plain", "--json"], clear("plain")),
      bench.ours("run, compress: zstd", ["run", "packed", "--json"], clear("packed")),
      old("pg_dump > file", "pg_dump codexdb"),
      old("pg_dump | zstd -1 -T0 > file", "pg_dump codexdb | zstd -1 -T0 -q"),
      old("pg_dump -Fc > file", "pg_dump -Fc codexdb"),
    ],
    rounds,
  );
  results.note(
    "dump window, `compress: none`, against `pg_dump > file`",
    windowOf(plain),
    wallOf(dump),
    atMost(1.1),
  );
  results.note(
    "dump window, `compress: zstd`, against `pg_dump \\| zstd -1 -T0`",
    windowOf(packed),
    wallOf(zstd),
    atMost(1.15),
  );
  results.note(
    "whole run, `compress: zstd`, against `pg_dump \\| zstd -1 -T0`",
    wallOf(packed),
    wallOf(zstd),
    atMost(1.9),
  );
  results.note(
    "whole run, `compress: zstd`, against a bare `pg_dump -Fc`",
    wallOf(packed),
    wallOf(custom),
    atMost(0.5),
  );
  results.note("whole run, `compress: none`, against `pg_dump > file`", wallOf(plain), wallOf(dump), {
    text: "none set",
    holds: () => true,
  });
  results.memory("run, one destination", Math.max(peakOf(plain), peakOf(packed)), 200);
}
