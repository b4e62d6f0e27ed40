import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../bench-parts.ts";
import { takeTurns } from "../pairs.ts";
import { atMost, wallOf } from "../results.ts";

/** A restore into a new database, against psql. */
export async function benchRestore(bench: Bench, shell: Readonly<Record<string, string>>): Promise<void> {
  const { home, rounds, results } = bench;
  const name = readdirSync(join(home, "plain")).find((file) => /^codexdb.*\.sql$/.test(file)) ?? "";
  const drop = (database: string) => () => {
    execFileSync("dropdb", ["--if-exists", database], { env: { ...process.env, ...shell } });
  };
  const [restore, psql] = await takeTurns(
    [
      bench.ours(
        "restore",
        ["restore", name.replace(/\.sql$/, ""), "--to", "ours_restored", "--json"],
        drop("ours_restored"),
      ),
      {
        name: "psql",
        argv: [
          "sh",
          "-c",
          `createdb theirs && psql -q -X -v ON_ERROR_STOP=1 -d theirs -f ${join(home, "plain", name)} > /dev/null`,
        ],
        env: shell,
        reset: drop("theirs"),
      },
    ],
    Math.min(rounds, 2),
  );
  results.note("`restore`, against `psql -f`", wallOf(restore), wallOf(psql), atMost(1.15));
}
