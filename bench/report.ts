import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import type { Row } from "./results.ts";

export interface Measured {
  readonly rows: readonly Row[];
  readonly rounds: number;
  readonly dumpBytes: number;
  /** As asked for on the command line. */
  readonly sizes: { readonly rows: string; readonly files: string };
}

/** docs/performance.md, losses included. */
export function report({ rows, rounds, dumpBytes, sizes }: Measured): string {
  const model = cpus()[0]?.model ?? "unknown processor";
  const machine = `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${execFileSync("psql", ["--version"]).toString().trim()}`;
  const lines = rows.map(
    ({ what, ours: mine, theirs, ratio, budget, isMet }) =>
      `| ${what} | ${mine} | ${theirs} | ${ratio.toFixed(2)} | ${budget} | ${budget === "none set" ? "–" : isMet ? "met" : "**not met**"} |`,
  );
  return `# Performance

Written by \`npm run bench\`; nothing here is edited by hand. Medians of ${rounds} rounds in turn (A B A B …) after one
that does not count; ratios pair by pair. Whole commands, start-up of Node included.

Machine: ${machine}.
Data: a database whose dump has ${Math.round(dumpBytes / 1e6)} MB (${sizes.rows} rows in the largest table), and a tree of ${sizes.files} small and 6 large files.

| what | ours | the other | ratio | budget | |
|---|---|---|---|---|---|
${lines.join("\n")}

A whole run reads everything back from the disk, decodes it to its end and fingerprints every table; the plain
lines do none of that and do not sync what they wrote.
`;
}
