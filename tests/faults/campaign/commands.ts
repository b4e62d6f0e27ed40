import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** A command line to be killed, and what puts everything right again. */
export interface Command {
  readonly name: string;
  readonly argv: readonly string[];
  /** What it needs to have something to do. */
  readonly prepare?: (home: string) => void;
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
  { name: "run database", argv: ["run", "database"], mayGo: true, heal: [["run", "database"]] },
  { name: "run capsule", argv: ["run", "capsule"], mayGo: true, heal: [nightly] },
  { name: "run checksums", argv: ["run", "checksums"], heal: [["run", "checksums"], nightly] },
  {
    name: "prune",
    argv: ["--config", "strict.yaml", "prune", "--yes"],
    mayGo: true,
    heal: [
      ["--config", "strict.yaml", "prune", "--yes"],
      ["run", "capsule", "database"],
    ],
  },
  { name: "verify", argv: ["verify"], heal: [["verify"], nightly] },
  { name: "adopt", argv: adopt, prepare: plantForeign, heal: [adopt, ["run", "database"]] },
  { name: "prove", argv: prove, heal: [prove, ["run", "database"]] },
];
