import { link, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, Failure } from "../../domain/failure.ts";
import { startChild } from "../../platform/child.ts";
import { sleep } from "../../platform/clock.ts";
import { removeIfThere, writeNewFile } from "../../platform/files.ts";
import { lacksHardLinks } from "../../platform/move-if-free.ts";
import type { DestinationFacts } from "../destination.ts";
import { probeName } from "../names.ts";
import { listProbes } from "./list-stored.ts";
import { giveRights, privateRights } from "./rights.ts";
import { readSentinel } from "./sentinel.ts";
import type { LocalParts, LocalSettings } from "./settings.ts";
import { translateError, translating } from "./translate.ts";

/** A file system that takes longer to say what it is hangs, e.g. NFS whose server is gone. */
const answerWithinMs = 15_000;
const probeLifeMs = 60 * 60 * 1000;

/** Destination.ready: looks, then a probe is written, synced, given away, linked, removed. */
export async function checkReady(parts: LocalParts): Promise<DestinationFacts> {
  const { path } = parts.settings;
  const facts = await look(parts);
  const probe = await translating({ verb: "write to", path, directory: path }, () => tryProbe(parts));
  return { ...facts, warnings: [...facts.warnings, ...probe] };
}

/** Destination.look: answers at all → directory → sentinel → space. */
export async function look(parts: LocalParts): Promise<DestinationFacts> {
  const { settings } = parts;
  await checkAnswers(parts);
  const mode = await directoryMode(settings);
  const id = await readSentinel(settings.path);
  if (id === null) throw sentinelMissing(settings);
  refuseWritableByAll(settings, mode);
  return {
    id,
    warnings: openWarnings(settings, mode),
    immutability: null,
    ...(await spaceOf(settings.path)),
  };
}

/**
 * Asks in a child process, because a system call on a dead share never comes back and would hold one of our
 * own threads for ever.
 */
async function checkAnswers(parts: LocalParts): Promise<void> {
  const { path } = parts.settings;
  const child = await startChild({
    program: "stat",
    args: ["-f", "--", path],
    env: { PATH: "/usr/bin:/bin" },
  });
  const waiting = new AbortController();
  const hung = sleep(parts.deps.clock, answerWithinMs, waiting.signal).then(
    () => true,
    () => false,
  );
  const isHung = await Promise.race([hung, child.ended.then(() => false)]);
  waiting.abort();
  if (!isHung) return;
  child.kill(0);
  throw new Failure("destination.io", `Cannot reach "${path}": no answer within ${answerWithinMs / 1000} s`, {
    hint: `See whether its server is up, then mount it again: umount -l "${path}".`,
  });
}

async function directoryMode(settings: LocalSettings): Promise<number> {
  const { path } = settings;
  const found = await stat(path).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return null;
    throw translateError(error, { verb: "look at", path, directory: path });
  });
  if (found?.isDirectory()) return found.mode & 0o1777;
  const seen = found === null ? "there is no such directory" : "it is not a directory";
  throw new Failure("destination.missing", `Cannot use "${path}": ${seen}`, {
    hint: `Mount it if it should be a share; else create it: codex-backup destination init ${settings.name}.`,
  });
}

function sentinelMissing(settings: LocalSettings): Failure {
  return new Failure(
    "destination.sentinel-missing",
    `Cannot use "${settings.path}": it has no ".codex-backup", so it may be the empty place of a share that is not mounted`,
    {
      hint: `Mount the share; if this is the right directory, run once: codex-backup destination init ${settings.name}.`,
    },
  );
}

/** Does once what a run does: create, write, sync, give away, link, unlink. Returns warnings. */
async function tryProbe(parts: LocalParts): Promise<readonly string[]> {
  const { path } = parts.settings;
  const rights = await parts.rights();
  await sweepProbes(parts);
  const probe = join(path, probeName(parts.deps.randomToken(10)));
  try {
    await writeNewFile(probe, Buffer.from("probe\n"), privateRights);
    await giveRights(probe, rights.file);
    const hasLinks = await tryLink(probe);
    await removeIfThere(probe);
    return hasLinks ? [] : [`"${path}" has no hard links: files get their names by rename, through mv -n`];
  } catch (error) {
    await removeIfThere(probe).catch(() => false); // the first error is the one to tell
    throw error;
  }
}

async function tryLink(probe: string): Promise<boolean> {
  try {
    await link(probe, `${probe}.link`);
  } catch (error) {
    if (lacksHardLinks(error)) return false;
    throw error;
  }
  await removeIfThere(`${probe}.link`);
  return true;
}

async function sweepProbes(parts: LocalParts): Promise<void> {
  const { clock } = parts.deps;
  for (const probe of await listProbes(parts.settings.path)) {
    if (probe.modifiedMs < clock.now() - probeLifeMs)
      await removeIfThere(join(parts.settings.path, probe.name));
  }
}

/** Whoever may write to a directory may remove or replace what is in it, unless it is sticky. */
function refuseWritableByAll(settings: LocalSettings, mode: number): void {
  if ((mode & 0o002) === 0 || (mode & 0o1000) !== 0) return;
  const found = (mode & 0o777).toString(8).padStart(4, "0");
  const wanted = settings.directoryMode.toString(8).padStart(4, "0");
  throw new Failure(
    "destination.world-writable",
    `Cannot use "${settings.path}": every user of this machine may remove or replace its files (mode ${found})`,
    { hint: `Close it: chmod ${wanted} "${settings.path}".` },
  );
}

function openWarnings(settings: LocalSettings, mode: number): readonly string[] {
  if ((mode & 0o007) === 0) return [];
  const wanted = settings.directoryMode.toString(8).padStart(4, "0");
  const found = (mode & 0o777).toString(8).padStart(4, "0");
  return [
    `every user of this machine can look into "${settings.path}" (mode ${found}): chmod ${wanted} "${settings.path}"`,
  ];
}

async function spaceOf(path: string): Promise<Pick<DestinationFacts, "freeBytes" | "totalBytes">> {
  const { bavail, blocks, bsize } = await statfs(path);
  if (blocks === 0) return { freeBytes: null, totalBytes: null }; // some FUSE file systems know no sizes
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
