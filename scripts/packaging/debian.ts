import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { packageVersion } from "./binary.ts";
import { top } from "./bundle.ts";
import { formatManPage } from "./man-page.ts";

const source = join(top, "packaging/debian");

export interface DebianWish {
  /** The directory with the executable and THIRD-PARTY.txt; the package is written into it. */
  readonly directory: string;
  /** Default that of package.json. */
  readonly version?: string;
  /** For a quick try: the package is three times as large, and made at once. */
  readonly isPlain?: boolean;
}

/** Builds the Debian package of this machine's architecture round the executable. Returns its path. */
export function buildDebianPackage({ directory, version = packageVersion(), isPlain }: DebianWish): string {
  const architecture = execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim();
  const root = mkdtempSync(join(tmpdir(), "codex-deb-"));
  try {
    chmodSync(root, 0o755);
    addProgram(root, directory);
    addPages(root, { directory, version });
    addSettings(root, join(directory, "codex-backup"));
    addControl(root, { VERSION: version, ARCHITECTURE: architecture });
    const path = join(directory, `codex-backup_${version}_${architecture}.deb`);
    // Not as the umask of whoever built it would have it.
    execFileSync("chmod", ["-R", "u=rwX,go=rX", join(root, "usr"), join(root, "etc")]);
    // The weakest xz: the strongest takes a minute more for a tenth less, and old dpkg know no zstd.
    const compression = isPlain ? ["-Znone"] : ["-Zxz", "-z1"];
    execFileSync("dpkg-deb", ["--root-owner-group", ...compression, "--build", root, path], {
      stdio: "ignore",
      env: { ...process.env, SOURCE_DATE_EPOCH: timeOfSources() },
    });
    return path;
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** The times of the package's files, so that the same commit gives the same package. */
function timeOfSources(): string {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) return given;
  const git = spawnSync("git", ["log", "-1", "--format=%ct"], { cwd: top, encoding: "utf8" });
  return git.status === 0 ? git.stdout.trim() : "0"; // sources without a history
}

/** A file of the package, its folders included. */
function put(path: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, content);
  chmodSync(path, mode);
}

function addProgram(root: string, directory: string): void {
  mkdirSync(join(root, "usr/lib/codex-backup"), { recursive: true });
  mkdirSync(join(root, "usr/bin"), { recursive: true });
  cpSync(join(directory, "codex-backup"), join(root, "usr/lib/codex-backup/codex-backup"));
  execFileSync("ln", ["-s", "../lib/codex-backup/codex-backup", join(root, "usr/bin/codex-backup")]);
}

function addPages(
  root: string,
  { directory, version }: { readonly directory: string; readonly version: string },
): void {
  const doc = join(root, "usr/share/doc/codex-backup");
  put(join(doc, "copyright"), readFileSync(join(source, "copyright")));
  put(join(doc, "THIRD-PARTY.txt"), readFileSync(join(directory, "THIRD-PARTY.txt")));
  put(join(doc, "changelog.gz"), zip(readFileSync(join(top, "CHANGELOG.md"))));
  for (const name of ["LICENSE", "README.md", "docs"])
    cpSync(join(top, name), join(doc, name), { recursive: true });
  put(join(root, "usr/share/man/man1/codex-backup.1.gz"), zip(Buffer.from(formatManPage(version))));
}

/** Without a time inside, so that equal pages are equal bytes. */
function zip(content: Buffer): Buffer {
  return gzipSync(content, { level: 9 });
}

/** What the program itself writes: the example and the completions are never behind it. */
function addSettings(root: string, program: string): void {
  const say = (...argv: readonly string[]) => execFileSync(program, argv, { env: {} });
  const example = join(root, "etc/codex-backup/config.yaml.example");
  mkdirSync(dirname(example), { recursive: true });
  execFileSync(program, ["--config", example, "init", "--preset", "codex"], { env: {}, stdio: "pipe" });
  chmodSync(example, 0o644);
  put(join(root, "etc/logrotate.d/codex-backup"), readFileSync(join(source, "logrotate")));
  const unit = "lib/systemd/system/codex-backup.service";
  put(join(root, unit), readFileSync(join(source, "codex-backup.service")));
  put(join(root, "usr/share/bash-completion/completions/codex-backup"), say("completion", "bash"));
  put(join(root, "usr/share/zsh/vendor-completions/_codex-backup"), say("completion", "zsh"));
  put(join(root, "usr/share/fish/vendor_completions.d/codex-backup.fish"), say("completion", "fish"));
}

function addControl(root: string, values: Readonly<Record<string, string>>): void {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  const contents = paths.map((path) => ({ path: relative(root, path), content: readFileSync(path) }));
  const kib = Math.ceil(contents.reduce((sum, { content }) => sum + content.length, 0) / 1024);
  const known: Readonly<Record<string, string>> = { ...values, INSTALLED_SIZE: String(kib) };
  const template = readFileSync(join(source, "control.template"), "utf8");
  const filled = template.replace(/@([A-Z_]+)@/g, (_, name: string) => known[name] ?? "");
  const sums = contents
    .filter(({ path }) => !path.startsWith("etc/")) // those are conffiles, which dpkg looks after itself
    .map(({ path, content }) => `${createHash("md5").update(content).digest("hex")}  ${path}\n`);
  put(join(root, "DEBIAN/control"), filled);
  put(join(root, "DEBIAN/md5sums"), sums.join(""));
  put(join(root, "DEBIAN/conffiles"), readFileSync(join(source, "conffiles")));
  for (const script of ["postinst", "prerm", "postrm"])
    put(join(root, "DEBIAN", script), readFileSync(join(source, script)), 0o755);
}
