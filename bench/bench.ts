/**
 * Measures codex-backup against the plain tools that it replaces or wraps, in turn and on the same data, and
 * writes docs/performance.md. Ratios count; absolute times are this machine's.
 * npm run bench [-- --rows 5000000 --files 20000 --rounds 3]
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Bench, emptyFolder, tool, writeConfig } from "./bench-parts.ts";
import { makeDatabase, makeTree } from "./data.ts";
import { benchAwayS3 } from "./parts/away.ts";
import { benchCapsule } from "./parts/capsule.ts";
import { benchDump } from "./parts/dump.ts";
import { benchProve } from "./parts/prove.ts";
import { benchRestore } from "./parts/restore.ts";
import { benchVerify } from "./parts/verify.ts";
import { report } from "./report.ts";
import { createResults } from "./results.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "5000000" },
    files: { type: "string", default: "20000" },
    rounds: { type: "string", default: "3" },
    check: { type: "boolean", default: false },
    /** One part alone, for whoever works on it; writes nothing. */
    only: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const home = mkdtempSync(join(tmpdir(), "codex-bench-"));
const config = ["--config", join(home, "codex-backup.yaml")];
const results = createResults();
const bench: Bench = {
  ...{ home, rounds, results },
  ours: (name, args, reset) => ({ name, argv: [tool, ...config, ...args], ...(reset && { reset }) }),
};
const wants = (part: string) => values.only === undefined || values.only === part;
const runTool = (...args: readonly string[]) =>
  execFileSync(tool, [...config, ...args], { stdio: "inherit" });

const server = await makeDatabase(Number(values.rows));
try {
  const shell = { PGHOST: server.socketDirectory, PGPORT: String(server.port), PGUSER: server.user };
  mkdirSync(join(home, "tree"));
  makeTree(join(home, "tree"), Number(values.files));
  writeConfig(home, server);
  runTool("destination", "init", "--all");
  if (wants("dump")) await benchDump(bench, shell);
  else runTool("run", "plain");
  const dump = readdirSync(join(home, "plain")).find((file) => /^codexdb.*\.sql$/.test(file)) ?? "";
  const dumpBytes = statSync(join(home, "plain", dump)).size;
  emptyFolder(join(home, "packed"));
  runTool("catalog", "rebuild");
  if (wants("away")) await benchAwayS3(bench, 1e9);
  if (wants("verify")) await benchVerify(bench);
  if (wants("restore")) await benchRestore(bench, shell);
  if (wants("prove")) {
    runTool("run", "archive");
    await benchProve(bench);
  }
  if (wants("capsule")) await benchCapsule(bench);
  const page = fileURLToPath(new URL("../docs/performance.md", import.meta.url));
  const text = report({ rows: results.rows, rounds, dumpBytes, sizes: values });
  const isWhole = !values.check && values.only === undefined;
  if (isWhole) writeFileSync(page, text);
  process.stdout.write(!isWhole ? text : readFileSync(page, "utf8"));
} finally {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
}
