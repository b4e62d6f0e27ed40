import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseBackupFile } from "../../../src/domain/backups/backup-file.ts";
import { parseManifest } from "../../../src/domain/backups/manifest-text.ts";
import type { Workshop } from "./workshop.ts";

const places = ["store", "second"] as const;

/** Sha256 of every file of the backups that are here, by path. */
export function hashesOf(home: string): ReadonlyMap<string, string> {
  return new Map(
    places.flatMap((place) =>
      backupFilesIn(join(home, place)).map(
        (name) => [join(place, name), hashOf(join(home, place, name))] as const,
      ),
    ),
  );
}

function backupFilesIn(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => parseBackupFile(name) !== null);
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Right after the death: what is wrong already. `mayGo`: the command removes backups. */
export function wrongAfterDeath(
  home: string,
  before: ReadonlyMap<string, string>,
  { mayGo }: { readonly mayGo: boolean },
): readonly string[] {
  return [...changed(home, before, mayGo), ...places.flatMap((place) => halfIn(home, place))];
}

function changed(home: string, before: ReadonlyMap<string, string>, mayGo: boolean): readonly string[] {
  const now = hashesOf(home);
  const newest = newestOf([...before.keys()]);
  return [...before].flatMap(([path, sha256]) => {
    const found = now.get(path);
    const isFree = mayGo && !newest.has(backupOf(path));
    if (found === undefined) return isFree || hasNewerCheck(path, now) ? [] : [`${path} is gone`];
    return found === sha256 ? [] : [`${path} has other bytes`];
  });
}

/** Place and name of the backup that a file belongs to; the file's own path when it is of none. */
function backupOf(path: string): string {
  const [place = "", name = ""] = path.split("/");
  const base = parseBackupFile(name)?.base;
  return base === undefined ? path : `${place}/${base}`;
}

/** The newest backup of each kind of name at each place: no policy takes that one. Their names end in a time. */
function newestOf(paths: readonly string[]): ReadonlySet<string> {
  const backups = paths.filter((path) => path.endsWith(".manifest.json")).map(backupOf);
  const series = Map.groupBy(backups, (backup) => backup.replace(/\d[\dTZ_-]*$/, ""));
  return new Set([...series.values()].flatMap((names) => names.toSorted().at(-1) ?? []));
}

/** The receipt of a check gives way to a newer one of the same copy. */
function hasNewerCheck(path: string, now: ReadonlyMap<string, string>): boolean {
  const [place = "", name = ""] = path.split("/");
  const checked = parseBackupFile(name);
  if (checked?.file.kind !== "check") return false;
  const { at } = checked.file;
  return [...now.keys()].some((other) => {
    const [otherPlace, otherName = ""] = other.split("/");
    const found = parseBackupFile(otherName);
    if (otherPlace !== place || found?.base !== checked.base) return false;
    return found.file.kind === "check" && found.file.at > at;
  });
}

/** Files of a manifest that lack or differ: a backup that exists, and is not whole. */
function halfIn(home: string, place: string): readonly string[] {
  const directory = join(home, place);
  const names = readdirSync(directory);
  return names
    .filter((name) => name.endsWith(".manifest.json"))
    .flatMap((name) => {
      const manifest = parseManifest(readFileSync(join(directory, name)), name);
      return manifest.files
        .filter(({ path, sha256 }) => !names.includes(path) || hashOf(join(directory, path)) !== sha256)
        .map(({ path }) => `${place}/${path} is not what its manifest says`);
    });
}

/** After the next run: nothing of what died is left, and all records agree. */
export async function wrongAfterHealing(workshop: Workshop, home: string): Promise<readonly string[]> {
  const check = await workshop.run(home, ["catalog", "check"]);
  return [
    ...places.flatMap((place) => strayIn(home, place)),
    ...leftovers(home).map((path) => `${path} is left`),
    ...(check.code === 0 ? [] : [`catalog check: ${check.stdout}${check.stderr}`]),
    ...(await leftRunning(home)),
    ...(await leftConnected(workshop)),
  ];
}

function strayIn(home: string, place: string): readonly string[] {
  const names = readdirSync(join(home, place));
  const ids = new Set(names.filter((name) => name.endsWith(".manifest.json")).map((name) => baseOf(name)));
  return [
    ...halfIn(home, place),
    ...names
      .filter((name) => parseBackupFile(name) !== null && !ids.has(baseOf(name)))
      .map((name) => `${place}/${name} belongs to no backup`),
  ];
}

/** What somebody began and nobody finished: hidden files, scratch files, journals. The lock of proofs stays. */
export function leftovers(home: string): readonly string[] {
  const staged = places.flatMap((place) =>
    readdirSync(join(home, place))
      .filter((name) => /\.partial-|\.new$/.test(name))
      .map((name) => join(place, name)),
  );
  const work = readdirSync(join(home, "state", "work"), { recursive: true, encoding: "utf8" })
    .filter((name) => !/^proofs(\/[^/]*lock[^/]*|\/[^/]*\.(db|holder)(-journal)?)?$/.test(name))
    .map((name) => join("state", "work", name));
  return [...staged, ...work];
}

function baseOf(name: string): string {
  return parseBackupFile(name)?.base ?? "";
}

/** So long what was orphaned may take to notice. */
const noticeMs = 8000;

async function leftRunning(home: string): Promise<readonly string[]> {
  for (let waitedMs = 0; ; waitedMs += 100) {
    const left = processesOf(home);
    if (left.length === 0 || waitedMs >= noticeMs) return left.map((line) => `still running: ${line}`);
    await delay(100);
  }
}

async function leftConnected({ server }: Workshop): Promise<readonly string[]> {
  const sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'codex-backup%'";
  for (let waitedMs = 0; ; waitedMs += 100) {
    const count = await server.psql(sql);
    if (count === "0" || waitedMs >= noticeMs) return count === "0" ? [] : [`${count} connections are left`];
    await delay(100);
  }
}

/** Processes that speak of this machine's directory, or live in it. */
function processesOf(home: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
        const cwd = readlinkSync(`/proc/${pid}/cwd`);
        return argv.includes(`${home}/`) || cwd.startsWith(home) ? [`${pid} ${argv}`] : [];
      } catch {
        return []; // it has just ended
      }
    });
}

/** Its descendants that live now. */
export function childrenOf(pid: number): readonly number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "latin1");
        return [[Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])] as const];
      } catch {
        return []; // it has just ended
      }
    });
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const children = parents.filter(([, parent]) => parent === next).map(([child]) => child);
    found.push(...children);
    queue.push(...children);
  }
  return found;
}
