import { statfsSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import type { Death } from "./kill.ts";

export interface Campaign {
  readonly deaths: readonly Death[];
  /** How many there would have been, had the time not been up. */
  readonly planned: number;
  readonly minutes: number;
  readonly seed: string;
}

const page = new URL("../../../docs/reliability.md", import.meta.url);

/** Writes docs/reliability.md: what was tried, how often, and what came of it. */
export function writePage(campaign: Campaign): void {
  writeFileSync(page, textOf(campaign));
}

const inMemory = 0x01021994; // TMPFS_MAGIC

function fileSystem(): string {
  return statfsSync(tmpdir()).type === inMemory ? "in memory, tmpfs" : "on a disk";
}

function textOf({ deaths, planned, minutes, seed }: Campaign): string {
  const wrong = deaths.filter((death) => death.wrong.length > 0);
  return `# Reliability

Written by \`npm run faults\`; nothing here is edited by hand. The tool runs as real processes against a real
PostgreSQL and real directories (${fileSystem()}), each time on a fresh copy of a machine with two whole, signed backups
of a database at one destination, of the same encrypted at another one, and of a directory at both. It is killed in the
built form, as the npm package has it; what heals and checks is the same build in the campaign's own process. Steps are
named and struck from outside: the program has no switch for it.

Machine: ${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}. Seed ${seed}, ${minutes.toFixed(0)} minutes.

**${deaths.length} faults, of which ${wrong.length} left something wrong.**${cutShort(deaths.length, planned)}

After each: no file under a final name is less than its manifest says, no earlier backup has changed, the same command
and the next nightly run end with 0, nothing hidden, no journal and no scratch file is left, the catalog agrees with
the destinations, locks are free, no process and no connection to the server is left.

| what was done | to | times | it died of it | it ended by itself | wrong |
|---|---|---|---|---|---|
${groupsOf(deaths).map(rowOf).join("\n")}

After a flipped bit \`verify\`, \`verify --signatures\` or \`run checksums\` ends with 4 and names the backup. The receipt of
a check is not signed and nothing rests on it: there \`verify\` checks the copy anew. The first line of a signature is a
remark that minisign does not sign, and no bit of it was flipped; nor was a letter of a hash made a capital, which is the
same hash.

What \`verify\`, \`adopt\` and \`prove\` had begun under a hidden name stays until it is two days old, since a run cannot
know whether they are still at it; then the next run removes it. That was so after ${deaths.filter(({ isLate }) => isLate).length} of these deaths, and counts as
healed here when that run did it.

## Killed at each step

SIGKILL just before the call, and just after it, in turn. A step is what belongs together: "stage dump" is to create,
write, restrict and sync the hidden file, "publish dump" links it to its final name.

| command | steps that were struck | each at least | in all |
|---|---|---|---|
${leastRows(deaths).join("\n")}

| command | step | times | wrong |
|---|---|---|---|
${stepRows(deaths).join("\n")}

## In memory, on every test run

\`npm test\` breaks the calls of \`run\`, \`verify\`, \`prune\`, \`hold\`, \`release\`, \`adopt\`, \`restore\`, \`prove\`, \`catalog rebuild\`,
\`catalog check\` and \`destination init\` at the door of a destination and at the catalog's, one at a time: errors, answers that are lost,
a full disk, a short write, a hang, rot on the way back, a storage that says "done" and did nothing, and a power cut. Each
failure must have a code of [the table](reference/failures.md) and name the thing, nothing good may be lost, and the
next run must heal.

## What is not covered

- Power cuts and disks that lie about fsync: a killed process loses nothing that the kernel has taken, a dead machine may. That every step syncs before the next one is read from the code and from the traces, not shown by pulling a plug.
- NFS, SMB and other network file systems, which may lose or delay a rename, a link, or a lock.
- Two hosts at one destination at the same time.
- \`copy\` and remote destinations, which are newer than this campaign; the suites of each destination and of \`copy\` break them in other ways.
- Commands other than \`run\` give up a destination that hangs only when they are ended by hand.
`;
}

function cutShort(done: number, planned: number): string {
  if (done === planned) return "";
  return `\nThe time that this run was given was up after these; all that were planned are ${planned}.`;
}

/** Of each command, how often at least each of its steps was struck. */
function leastRows(deaths: readonly Death[]): readonly string[] {
  return [...Map.groupBy(deaths.filter(isAtStep), ({ command }) => command)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([command, all]) => {
      const times = [...Map.groupBy(all, ({ step }) => step).values()].map(({ length }) => length);
      return `| \`${command}\` | ${times.length} | ${Math.min(...times)} | ${all.length} |`;
    });
}

function isAtStep({ command, step, end }: Death): boolean {
  return (
    command !== "a bit flipped" && end === "killed" && !/^(at random|disk full|never came$|\?$)/.test(step)
  );
}

function groupsOf(deaths: readonly Death[]) {
  const kindOf = ({ command, step }: Death) => {
    if (command === "a bit flipped") return `one bit flipped in a stored file|${step}`;
    if (step.startsWith("at random"))
      return `SIGKILL at a random moment (${step.slice("at random: ".length)})|\`${command}\``;
    if (step.startsWith("disk full")) return `${step}|\`${command}\``;
    return `SIGKILL at a step|\`${command}\``;
  };
  return [...Map.groupBy(deaths, kindOf)].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function rowOf([kind, deaths]: readonly [string, readonly Death[]]): string {
  const [what = "", to = ""] = kind.split("|");
  const killed = deaths.filter(({ end }) => end === "killed").length;
  const wrong = deaths.filter((death) => death.wrong.length > 0).length;
  return `| ${what} | ${to} | ${deaths.length} | ${killed} | ${deaths.length - killed} | ${wrong} |`;
}

function stepRows(deaths: readonly Death[]): readonly string[] {
  return [...Map.groupBy(deaths.filter(isAtStep), ({ command, step }) => `\`${command}\` | ${step}`)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, all]) => `| ${name} | ${all.length} | ${all.filter(({ wrong }) => wrong.length > 0).length} |`,
    );
}
