/**
 * Measures codex-backup against the plain tools that it replaces or wraps, in turn and on the same data, and
 * writes docs/performance.md. Ratios count; absolute times are this machine's.
 * npm run bench [-- --rows 5000000 --files 20000 --rounds 3]
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeDatabase, makeTree } from "./data.ts";
import { type Contender, median, medianRatio, type Taken, takeTurns } from "./pairs.ts";
import { plainProof } from "./plain-proof.ts";

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
const tool = fileURLToPath(new URL("../bin/codex-backup", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "codex-bench-"));
const results: Row[] = [];

interface Row {
  readonly what: string;
  readonly ours: string;
  readonly theirs: string;
  readonly ratio: number;
  readonly budget: string;
  readonly isMet: boolean;
}

interface Budget {
  readonly text: string;
  readonly holds: (ratio: number) => boolean;
}

const atMost = (limit: number): Budget => ({ text: `≤ ${limit}`, holds: (ratio) => ratio <= limit });

function emptyFolder(path: string): void {
  for (const name of readdirSync(path))
    if (!name.startsWith(".codex-backup") && name !== "RESTORE-v1.md")
      rmSync(join(path, name), { recursive: true });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function note(what: string, ours: readonly number[], theirs: readonly number[], budget: Budget): void {
  const ratio = medianRatio(ours, theirs);
  const row = {
    what,
    ours: seconds(median(ours)),
    theirs: seconds(median(theirs)),
    ratio,
    budget: budget.text,
    isMet: budget.holds(ratio),
  };
  results.push(row);
  process.stderr.write(
    `${what}: ${row.ours} against ${row.theirs}, ratio ${ratio.toFixed(2)} (budget ${budget.text})\n`,
  );
}

function ours(name: string, args: readonly string[], reset?: () => void): Contender {
  const argv = [tool, "--config", join(home, "codex-backup.yaml"), ...args];
  return reset ? { name, argv, reset } : { name, argv };
}

const wants = (part: string) => values.only === undefined || values.only === part;
const wallOf = (taken: readonly Taken[] | undefined) => (taken ?? []).map((one) => one.wallMs);
const windowOf = (taken: readonly Taken[] | undefined) =>
  (taken ?? []).map((one) => Number(JSON.parse(one.stdout).runs[0].windowMs));
const peakOf = (taken: readonly Taken[] | undefined) => Math.max(...(taken ?? []).map((one) => one.peakMb));

function writeConfig(server: { socketDirectory: string; port: number; user: string }): void {
  const postgres = `{ socket: ${server.socketDirectory}, port: ${server.port}, user: ${server.user}, database: codexdb }`;
  const job = (name: string, extra: string) =>
    `  ${name}:\n    postgres: ${postgres}\n    to: [${name}]\n    name: "{database}_{timestamp}"\n${extra}`;
  const places = ["plain", "packed", "archive", "replays"]
    .map((name) => `  ${name}: { path: ${join(home, name)} }\n`)
    .join("");
  writeFileSync(
    join(home, "codex-backup.yaml"),
    `version: 1\nstate: ${join(home, "state")}\ndestinations:\n${places}jobs:\n${job("plain", "    compress: none\n")}${job("packed", "    compress: zstd\n")}${job("archive", "    format: custom\n")}` +
      `  replays:\n    capsule: { root: ${join(home, "tree")} }\n    to: [replays]\n` +
      "  sums:\n    checksums: { destination: plain }\n",
  );
}

async function benchDump(shell: Readonly<Record<string, string>>): Promise<void> {
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
      ours("run, compress: none", ["run", "plain", "--json"], clear("plain")),
      ours("run, compress: zstd", ["run", "packed", "--json"], clear("packed")),
      old("pg_dump > file", "pg_dump codexdb"),
      old("pg_dump | zstd -1 -T0 > file", "pg_dump codexdb | zstd -1 -T0 -q"),
      old("pg_dump -Fc > file", "pg_dump -Fc codexdb"),
    ],
    rounds,
  );
  note("dump window, `compress: none`, against `pg_dump > file`", windowOf(plain), wallOf(dump), atMost(1.1));
  note(
    "dump window, `compress: zstd`, against `pg_dump \\| zstd -1 -T0`",
    windowOf(packed),
    wallOf(zstd),
    atMost(1.15),
  );
  note(
    "whole run, `compress: zstd`, against `pg_dump \\| zstd -1 -T0`",
    wallOf(packed),
    wallOf(zstd),
    atMost(1.9),
  );
  note(
    "whole run, `compress: zstd`, against a bare `pg_dump -Fc`",
    wallOf(packed),
    wallOf(custom),
    atMost(0.5),
  );
  note("whole run, `compress: none`, against `pg_dump > file`", wallOf(plain), wallOf(dump), {
    text: "none set",
    holds: () => true,
  });
  memory("run, one destination", Math.max(peakOf(plain), peakOf(packed)), 200);
}

function memory(what: string, peakMb: number, limitMb: number): void {
  const row = {
    what: `peak memory of ${what}`,
    ours: `${peakMb.toFixed(0)} MB`,
    theirs: `${limitMb} MB`,
    ratio: peakMb / limitMb,
    budget: "≤ 1",
    isMet: peakMb <= limitMb,
  };
  results.push(row);
  process.stderr.write(`${row.what}: ${row.ours} (budget ${row.theirs})\n`);
}

async function benchVerify(): Promise<void> {
  const folder = join(home, "plain");
  const [nightly, verify, sha256sum] = await takeTurns(
    [
      ours("run checksums", ["run", "sums", "--json"]),
      ours("verify", ["verify", "--level", "hashed", "--json"]),
      { name: "sha256sum -c", argv: ["sh", "-c", `cd ${folder} && sha256sum --quiet -c checksums.txt`] },
    ],
    rounds,
  );
  note(
    "the nightly checksums task, against `sha256sum -c` on the same files",
    wallOf(nightly),
    wallOf(sha256sum),
    atMost(0.333),
  );
  note(
    "`verify --level hashed` (past the page cache), against `sha256sum -c` on the same files",
    wallOf(verify),
    wallOf(sha256sum),
    atMost(0.333),
  );
}

async function benchRestore(shell: Readonly<Record<string, string>>): Promise<void> {
  const name = readdirSync(join(home, "plain")).find((file) => /^codexdb.*\.sql$/.test(file)) ?? "";
  const drop = (database: string) => () => {
    execFileSync("dropdb", ["--if-exists", database], { env: { ...process.env, ...shell } });
  };
  const [restore, psql] = await takeTurns(
    [
      ours(
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
  note("`restore`, against `psql -f`", wallOf(restore), wallOf(psql), atMost(1.15));
}

async function benchProve(): Promise<void> {
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
      [ours("prove", ["prove", "--job", job, "--latest", "--json"]), plainProof(plain, { globals, restore })],
      rounds,
    );
    note(
      `\`prove\` of a ${plain === "psql" ? "plain" : "custom"} dump, against initdb, \`${plain}\` and \`pg_dump > /dev/null\` by hand`,
      wallOf(prove),
      wallOf(byHand),
      atMost(1.15),
    );
    memory(`a proof (${plain === "psql" ? "plain" : "custom"})`, peakOf(prove), 200);
  }
}

async function benchCapsule(): Promise<void> {
  const tree = join(home, "tree");
  const out = join(home, "old.zip");
  const gone = () => rmSync(out, { force: true });
  const python = `import os, zipfile\nwith zipfile.ZipFile("${out}", "w", zipfile.ZIP_DEFLATED) as z:\n  for d, _, fs in os.walk("${tree}"):\n    for f in fs: z.write(os.path.join(d, f), os.path.relpath(os.path.join(d, f), "${tree}"))`;
  const sizes = { python: 0, sevenZip: 0 };
  const [capsule, zipfile] = await takeTurns(
    [
      ours("capsule", ["run", "replays", "--json"], () => emptyFolder(join(home, "replays"))),
      { name: "python", argv: ["python3", "-c", python], reset: gone },
    ],
    rounds,
  );
  sizes.python = statSync(out).size;
  const [again, sevenZip] = await takeTurns(
    [
      ours("capsule", ["run", "replays", "--json"], () => emptyFolder(join(home, "replays"))),
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
  note(
    "capsule (read back and checked), against Python's zipfile",
    wallOf(capsule),
    wallOf(zipfile),
    atMost(0.625),
  );
  note("capsule (read back and checked), against `7z -mx5`", wallOf(again), wallOf(sevenZip), atMost(1));
  results.push(
    sizeRow("size of the capsule, against Python's zipfile", size, sizes.python),
    sizeRow("size of the capsule, against `7z -mx5`", size, sizes.sevenZip),
  );
  memory("a capsule run", peakOf(capsule), 200);
}

function sizeRow(what: string, mine: number, other: number): Row {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  return {
    what,
    ours: megabytes(mine),
    theirs: megabytes(other),
    ratio: mine / other,
    budget: "≤ 1",
    isMet: mine <= other,
  };
}

function report(dumpBytes: number): string {
  const model = cpus()[0]?.model ?? "unknown processor";
  const machine = `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${execFileSync("psql", ["--version"]).toString().trim()}`;
  const lines = results.map(
    ({ what, ours: mine, theirs, ratio, budget, isMet }) =>
      `| ${what} | ${mine} | ${theirs} | ${ratio.toFixed(2)} | ${budget} | ${budget === "none set" ? "–" : isMet ? "met" : "**not met**"} |`,
  );
  return `# Performance

Written by \`npm run bench\`; nothing here is edited by hand. Medians of ${rounds} rounds in turn (A B A B …) after one
that does not count; ratios pair by pair. Whole commands, start-up of Node included.

Machine: ${machine}.
Data: a database whose dump has ${Math.round(dumpBytes / 1e6)} MB (${values.rows} rows in the largest table), and a tree of ${values.files} small and 6 large files.

| what | ours | the other | ratio | budget | |
|---|---|---|---|---|---|
${lines.join("\n")}

A whole run reads everything back from the disk, decodes it to its end and fingerprints every table; the plain
lines do none of that and do not sync what they wrote.
`;
}

const server = await makeDatabase(Number(values.rows));
try {
  const shell = { PGHOST: server.socketDirectory, PGPORT: String(server.port), PGUSER: server.user };
  mkdirSync(join(home, "tree"));
  makeTree(join(home, "tree"), Number(values.files));
  writeConfig(server);
  execFileSync(tool, ["--config", join(home, "codex-backup.yaml"), "destination", "init", "--all"], {
    stdio: "inherit",
  });
  if (values.only === undefined || values.only === "dump") await benchDump(shell);
  else
    execFileSync(tool, ["--config", join(home, "codex-backup.yaml"), "run", "plain"], { stdio: "inherit" });
  const dump = readdirSync(join(home, "plain")).find((file) => /^codexdb.*\.sql$/.test(file)) ?? "";
  const dumpBytes = statSync(join(home, "plain", dump)).size;
  emptyFolder(join(home, "packed"));
  execFileSync(tool, ["--config", join(home, "codex-backup.yaml"), "catalog", "rebuild"], {
    stdio: "inherit",
  });
  if (wants("verify")) await benchVerify();
  if (wants("restore")) await benchRestore(shell);
  if (wants("prove")) {
    execFileSync(tool, ["--config", join(home, "codex-backup.yaml"), "run", "archive"], { stdio: "inherit" });
    await benchProve();
  }
  if (wants("capsule")) await benchCapsule();
  const page = fileURLToPath(new URL("../docs/performance.md", import.meta.url));
  const text = report(dumpBytes);
  const isWhole = !values.check && values.only === undefined;
  if (isWhole) writeFileSync(page, text);
  process.stdout.write(!isWhole ? text : readFileSync(page, "utf8"));
} finally {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
}
