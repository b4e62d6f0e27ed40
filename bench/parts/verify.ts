import { join } from "node:path";
import type { Bench } from "../bench-parts.ts";
import { takeTurns } from "../pairs.ts";
import { atMost, wallOf } from "../results.ts";

/** Checks of all that lies there, against sha256sum. */
export async function benchVerify(bench: Bench): Promise<void> {
  const { home, rounds, results } = bench;
  const folder = join(home, "plain");
  const [nightly, verify, sha256sum] = await takeTurns(
    [
      bench.ours("run checksums", ["run", "sums", "--json"]),
      bench.ours("verify", ["verify", "--level", "hashed", "--json"]),
      { name: "sha256sum -c", argv: ["sh", "-c", `cd ${folder} && sha256sum --quiet -c checksums.txt`] },
    ],
    rounds,
  );
  results.note(
    "the nightly checksums task, against `sha256sum -c` on the same files",
    wallOf(nightly),
    wallOf(sha256sum),
    atMost(0.333),
  );
  results.note(
    "`verify --level hashed` (past the page cache), against `sha256sum -c` on the same files",
    wallOf(verify),
    wallOf(sha256sum),
    atMost(0.333),
  );
}
