import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../bench-parts.ts";
import { takeTurns } from "../pairs.ts";
import { plainProof } from "../plain-proof.ts";
import { atMost, peakOf, wallOf } from "../results.ts";

/** Proofs of a plain and of a custom dump, against the same by hand. */
export async function benchProve(bench: Bench): Promise<void> {
  const { home, rounds, results } = bench;
  const archive = readdirSync(join(home, "archive")).find((file) => file.endsWith(".dump")) ?? "";
  for (const [job, file, plain] of [
    ["plain", readdirSync(join(home, "plain")).find((one) => /^codexdb.*\.sql$/.test(one)) ?? "", "psql"],
    ["archive", archive, "pg_restore"],
  ] as const) {
    const path = join(home, job, file);
    const restore =
      plain === "psql"
        ? `psql -q -X -v ON_ERROR_STOP=1 -d codexdb -f ${path} > /dev/null`
        : `pg_restore --exit-on-error -d codexdb ${path}`;
    const globals = join(home, job, `globals_${file.replace(/\.(sql|dump)$/, ".sql")}`);
    const [prove, byHand] = await takeTurns(
      [
        bench.ours("prove", ["prove", "--job", job, "--latest", "--json"]),
        plainProof(plain, { globals, restore }),
      ],
      rounds,
    );
    results.note(
      `\`prove\` of a ${plain === "psql" ? "plain" : "custom"} dump, against initdb, \`${plain}\` and \`pg_dump > /dev/null\` by hand`,
      wallOf(prove),
      wallOf(byHand),
      atMost(1.15),
    );
    results.memory(`a proof (${plain === "psql" ? "plain" : "custom"})`, peakOf(prove), 200);
  }
}
