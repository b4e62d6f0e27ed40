import type { CronTask } from "../domain/cron/crontab.ts";
import { findSettingsProblem } from "./import-check.ts";
import { isNamedLike } from "./import-name.ts";
import type { Recognised } from "./import-task.ts";
import { nameRule } from "./schema/scalar.ts";

/** A config as it is written, before it is YAML. */
export interface ImportedSettings {
  readonly destinations: Readonly<Record<string, { readonly path: string }>>;
  readonly jobs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface Taken {
  /** The job that the line became, or those that it speaks of; null: it was left out. */
  readonly job: string | null;
  readonly notes: readonly string[];
}

export interface PlannedTask {
  readonly task: CronTask;
  readonly isSwitchedOff: boolean;
}

export interface ImportPlan {
  /** Lines that speak of a directory are added after those that fill it. */
  add(found: Recognised, planned: PlannedTask): Taken;
  isEmpty(): boolean;
  settings(): ImportedSettings;
}

interface Draft {
  readonly directory: string | null;
  /** A name that a file of the old line could have. */
  readonly file: string | null;
  readonly name: string;
  settings: Readonly<Record<string, unknown>>;
}

/** Collects what the lines of a crontab become. */
export function createImportPlan(): ImportPlan {
  const destinations = new Map<string, string>(); // path to name
  const drafts: Draft[] = [];
  const destinationOf = (path: string): string => {
    const wish = path.slice(path.lastIndexOf("/") + 1);
    const name = destinations.get(path) ?? freeName(wish, [...destinations.values()], "destination");
    destinations.set(path, name);
    return name;
  };
  const settings = () => settingsOfDrafts(destinations, drafts);
  /** What load() would not take is not put in; the answer is then why. */
  const put = (found: Job, schedule: string): { readonly job: string } | { readonly problem: string } => {
    const before = new Map(destinations);
    const made = settingsOf(found, destinationOf);
    const job = freeName(
      made.name,
      drafts.map(({ name }) => name),
      "job",
    );
    const { directory, file } = made;
    drafts.push({ name: job, directory, file, settings: { schedule, ...made.settings } });
    const problem = findSettingsProblem({ version: 1, ...settings() });
    if (problem === null) return { job };
    drafts.pop();
    destinations.clear();
    for (const [path, name] of before) destinations.set(path, name);
    return { problem };
  };
  return {
    add(found, { task, isSwitchedOff }) {
      if (isSwitchedOff) return { job: null, notes: [noteOfSwitchedOff(found)] };
      if (found.kind === "none") return { job: null, notes: [found.reason] };
      if (found.kind === "clean-up") return cleanUp(drafts, found);
      const made = put(found, task.cron);
      if ("problem" in made) return { job: null, notes: [`as a job, ${made.problem}`] };
      const users = task.user === null || task.user === "root" ? [] : [noteOfUser(task.user)];
      return { job: made.job, notes: [...found.notes, ...users] };
    },
    isEmpty: () => drafts.length === 0,
    settings,
  };
}

function settingsOfDrafts(
  destinations: ReadonlyMap<string, string>,
  drafts: readonly Draft[],
): ImportedSettings {
  return {
    destinations: Object.fromEntries([...destinations].map(([path, name]) => [name, { path }])),
    jobs: Object.fromEntries(drafts.map(({ name, settings }) => [name, settings])),
  };
}

function noteOfUser(user: string): string {
  return `it ran as ${user}: install the schedule with --user ${user}, or give the files away with the destination's owner`;
}

function noteOfSwitchedOff(found: Recognised): string {
  return found.kind === "clean-up"
    ? `it is switched off there; to clean up, give the job keep: { days: ${found.days} }`
    : "it is switched off there";
}

/**
 * Every job whose files the old line would have removed, and no other: its days say nothing of theirs. The newest
 * three stay, whatever their age: the old line would have removed the last one, too.
 */
function cleanUp(drafts: readonly Draft[], found: Extract<Recognised, { readonly kind: "clean-up" }>): Taken {
  const { pattern, days } = found;
  const there = drafts.filter(({ directory, file }) => directory === found.directory && file !== null);
  if (there.length === 0)
    return { job: null, notes: ["no job of these lines leaves backups in that directory"] };
  const meant = there.filter(({ file }) => pattern === null || isNamedLike(pattern, file ?? ""));
  if (meant.length === 0)
    return { job: null, notes: [`no job of these lines leaves files named like "${pattern}" there`] };
  for (const draft of meant) draft.settings = { ...draft.settings, keep: { days, minimum: 3 } };
  const others =
    pattern === null ? [] : ["only what the job has made is removed, not every file of the pattern"];
  return {
    job: meant.map(({ name }) => name).join(", "),
    notes: ["the newest 3 stay, however old they are", ...others],
  };
}

type Job = Exclude<Recognised, { readonly kind: "none" | "clean-up" }>;
type Made = Pick<Draft, "name" | "directory" | "file" | "settings">;

function settingsOf(found: Job, destinationOf: (path: string) => string): Made {
  switch (found.kind) {
    case "dump": {
      const { postgres, directory, file, name, format, compress } = found;
      const rest = { ...(format === "sql" ? {} : { format }), ...(compress === "none" ? {} : { compress }) };
      return {
        name: "database",
        directory,
        file,
        settings: { postgres, ...rest, to: [destinationOf(directory)], name },
      };
    }
    case "capsule": {
      const { root, include, directory, file, name } = found;
      return {
        name: "capsule",
        directory,
        file,
        settings: { capsule: { root, include }, to: [destinationOf(directory)], name },
      };
    }
    case "checksums": {
      const { directory } = found;
      return {
        name: "checksums",
        directory,
        file: null,
        settings: { checksums: { destination: destinationOf(directory) } },
      };
    }
    case "command": {
      const { argv, cwd } = found;
      const script = argv.find((word, index) => index > 0 && /\.\w+$/.test(word)) ?? argv[0] ?? "command";
      const name = script.slice(script.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
      return {
        name,
        directory: null,
        file: null,
        settings: { command: { argv, ...(cwd === null ? {} : { cwd }) } },
      };
    }
    default:
      return found satisfies never;
  }
}

/** The wish made fit for a name, with a number when it is taken. */
function freeName(wish: string, taken: readonly string[], fallback: string): string {
  const plain = wish.replace(/[^A-Za-z0-9_.-]/g, "-").slice(0, 40);
  const base = nameRule.test(plain) ? plain : fallback;
  let name = base;
  for (let count = 2; taken.includes(name); count++) name = `${base}-${count}`;
  return name;
}
