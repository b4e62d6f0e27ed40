import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** A command line to be killed, and what puts everything right again. */
export interface Command {
  readonly name: string;
  readonly argv: readonly string[];
  /** What it needs to have something to do. */
  readonly prepare?: (home: string) => void;
  /** Of the deaths at each step, so many are enough: 1 for all, or a part where the code is another command's too. */
  readonly share: number;
  /** It starts programs that are at work for a while. */
  readonly hasChildren?: true;
  /** It removes backups. */
  readonly mayGo?: true;
  /** The same again, then the nightly run. */
  readonly heal: readonly (readonly string[])[];
}

const nightly = ["run", "capsule"] as const;

/** A dump that another tool made: the newest one, under a name of its own. */
function plantForeign(home: string): void {
  const store = join(home, "store");
  const dump = readdirSync(store)
    .filter((name) => /^codexdb_.*\.sql\.zst$/.test(name))
    .sort()
    .at(-1);
  if (dump !== undefined) copyFileSync(join(store, dump), join(store, "old_2026-01-02.sql.zst"));
}

const adopt = ["adopt", "store", "--job", "database", "--pattern", "old_*"];
const prove = ["prove", "--job", "database", "--latest"];

export const commands: readonly Command[] = [
  {
    name: "run database",
    argv: ["run", "database"],
    share: 1,
    hasChildren: true,
    mayGo: true,
    heal: [["run", "database"]],
  },
  {
    name: "run encrypted database",
    argv: ["run", "sealed"],
    share: 0.25,
    hasChildren: true,
    mayGo: true,
    heal: [["run", "sealed"]],
  },
  { name: "run capsule", argv: ["run", "capsule"], share: 1, mayGo: true, heal: [nightly] },
  { name: "run checksums", argv: ["run", "checksums"], share: 0.25, heal: [["run", "checksums"], nightly] },
  {
    name: "prune",
    argv: ["--config", "strict.yaml", "prune", "--yes"],
    share: 1,
    mayGo: true,
    heal: [
      ["--config", "strict.yaml", "prune", "--yes"],
      ["run", "capsule", "database"],
    ],
  },
  { name: "verify", argv: ["verify"], share: 0.25, heal: [["verify"], nightly] },
  { name: "adopt", argv: adopt, share: 0.25, prepare: plantForeign, heal: [adopt, ["run", "database"]] },
  { name: "prove", argv: prove, share: 1, hasChildren: true, heal: [prove, ["run", "database"]] },
];
