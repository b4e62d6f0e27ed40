import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Metafile } from "esbuild";
import { top } from "./bundle.ts";

/** A package of which something stands in the bundle. */
interface Bundled {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** The texts of its licence files, and of its notice where it has one. */
  readonly texts: readonly string[];
}

/** What we may hand on inside of our own package, as long as the texts go along. */
const permitted = [
  "MIT",
  "MIT-0",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "Unlicense",
];

/**
 * The licences of all packages that the bundles hold, as one text. Throws for a package whose licence is not
 * known to allow this, or that brings no text of it (the MIT licence's is known: its author stands in package.json; of a
 * scope that leaves it out of some of its packages, another one of the same licence has it).
 */
export function thirdPartyText(bundles: readonly Metafile[]): string {
  const inputs = bundles.flatMap(({ inputs }) => Object.keys(inputs));
  const folders = new Set(
    inputs.flatMap((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? []),
  );
  const packages = [...folders].sort().map(describePackage);
  const head = "Parts of these packages are contained in codex-backup, under their own licences:\n";
  const list = packages.map(({ name, version, licence }) => `  ${name} ${version}: ${licence}`);
  const texts = packages.map((one) => [rule, `${one.name} ${one.version}\n`, ...one.texts].join("\n"));
  return `${[head, ...list, "", ...texts].join("\n").trimEnd()}\n`;
}

const rule = "-".repeat(78);

function describePackage(folder: string): Bundled {
  const directory = join(top, folder);
  // npm writes these keys for every package that it installs.
  const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
    /** The older key. */
    readonly licenses?: readonly { readonly type: string }[];
    readonly author?: string | { readonly name: string };
  };
  const { name, version, license, licenses = [] } = manifest;
  const licence = license ?? (licenses.map(({ type }) => type).join(" and ") || "none");
  if (!permitted.includes(licence))
    throw new Error(`${name} ${version} may not be bundled: its licence is ${licence}`);
  const texts = [...textsIn(directory)];
  if (texts.length === 0) texts.push(...siblingTexts(directory, name, licence));
  if (texts.length === 0 && licence === "MIT") texts.push(mitText(manifest.author));
  if (texts.length === 0) throw new Error(`${name} ${version} brings no text of its licence (${licence})`);
  return { name, version, licence, texts };
}

function textsIn(directory: string): readonly string[] {
  const files = readdirSync(directory).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  return files.sort().map((file) => readFileSync(join(directory, file), "utf8").trim());
}

/** Of the first package of the same scope, by name, that is under the same licence and has its text. */
function siblingTexts(directory: string, name: string, licence: string): readonly string[] {
  if (!name.startsWith("@")) return [];
  const scope = dirname(directory);
  for (const sibling of readdirSync(scope).sort()) {
    const manifest = JSON.parse(readFileSync(join(scope, sibling, "package.json"), "utf8")) as {
      readonly license?: string; // as above
    };
    const texts = manifest.license === licence ? textsIn(join(scope, sibling)) : [];
    if (texts.length > 0) return texts;
  }
  return [];
}

function mitText(author: string | { readonly name: string } | undefined): string {
  const holder = typeof author === "object" ? author.name : author;
  const own = readFileSync(join(top, "LICENSE"), "utf8");
  return own.replace(/^Copyright .*$/m, `Copyright (c) ${holder ?? "the authors of the package"}`).trim();
}
