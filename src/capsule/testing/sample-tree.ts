import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import {
  createWriteStream,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import type { Capsules, CapsuleWritten } from "../capsule.ts";
import { createCapsules } from "../zip-capsules.ts";

export const capsules: Capsules = createCapsules({ threads: 2 });
export const unaborted = new AbortController().signal;
export const run = promisify(execFile);

/** A folder of its own that goes away with the test. */
export function freshFolder(test: Pick<TestContext, "after">): string {
  const folder = mkdtempSync(join(tmpdir(), "codex-capsule-test-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What to make at a path: names and link targets are latin1, one character a byte. */
export type Made =
  | { readonly kind: "file"; readonly content: string | Buffer; readonly modifiedMs?: number }
  | { readonly kind: "folder" }
  | { readonly kind: "link"; readonly target: string };

export function makeTree(root: string, tree: Readonly<Record<string, Made>>): void {
  for (const [name, made] of Object.entries(tree)) {
    const path = Buffer.from(`${Buffer.from(root).toString("latin1")}/${name}`, "latin1");
    const parent = path.subarray(0, path.lastIndexOf("/"));
    mkdirSync(made.kind === "folder" ? path : parent, { recursive: true });
    if (made.kind === "link") {
      symlinkSync(Buffer.from(made.target, "latin1"), path);
      lutimesSync(path, 1_700_000_000, 1_700_000_000);
    } else if (made.kind === "file") {
      writeFileSync(path, made.content);
      const seconds = (made.modifiedMs ?? 1_700_000_000_123) / 1000 + 5e-7;
      utimesSync(path, seconds, seconds);
    }
  }
}

/** Everything below a folder as one comparable value, by other means than the walk under test. */
export function pictureOf(root: string): Readonly<Record<string, string>> {
  const picture: Record<string, string> = {};
  const look = (folder: Buffer, prefix: string): void => {
    for (const name of readdirSync(folder, { encoding: "latin1" })) {
      const path = Buffer.concat([folder, Buffer.from(`/${name}`, "latin1")]);
      const stat = lstatSync(path);
      const facts = `${(stat.mode & 0o777).toString(8)} ${Math.floor(stat.mtimeMs)}`;
      if (stat.isSymbolicLink()) {
        picture[prefix + name] = `link ${Math.floor(stat.mtimeMs / 1000)} ${readlinkSync(path, "latin1")}`;
      } else if (stat.isDirectory()) {
        picture[`${prefix + name}/`] = `folder ${facts}`;
        look(path, `${prefix + name}/`);
      } else {
        picture[prefix + name] = `file ${facts} ${hash("sha256", readFileSync(path)).slice(0, 16)}`;
      }
    }
  };
  look(Buffer.from(root), "");
  return picture;
}

export interface Selected {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}

export function writeTo(zip: string, root: string, selected: Selected = {}): Promise<CapsuleWritten> {
  const source = { root, include: selected.include ?? [], exclude: selected.exclude ?? [] };
  return capsules.write(source, createWriteStream(zip), { signal: unaborted });
}

export function extractTo(zip: string, target: string, only: readonly string[] = []): Promise<number> {
  return capsules.extract(zip, { target, overwrite: false, only, signal: unaborted });
}
