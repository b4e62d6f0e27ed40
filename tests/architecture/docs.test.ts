import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import { referencePages } from "../../scripts/reference/pages.ts";
import { failureTable } from "../../src/domain/failure-table.ts";
import { loadSources } from "./source-tree.ts";

const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(path));

/** The names that GitHub gives to a page's headings. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = withoutCode(markdown).matchAll(/^#+ +(.*)$/gm);
  return new Set([...headings].map(([, title = ""]) => anchorOf(title)));
}

function anchorOf(title: string): string {
  const plain = title.trim().toLowerCase().replaceAll("`", "");
  return plain.replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, "");
}

function faultOfLink(page: string, target: string): string | null {
  if (/^(https?|mailto):/.test(target)) return null;
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : posix.join(posix.dirname(page), decodeURIComponent(path));
  if (!existsSync(file)) return `${page}: ${target} does not exist`;
  if (anchor === undefined || statSync(file).isDirectory()) return null;
  return anchorsOf(readFileSync(file, "utf8")).has(anchor) ? null : `${page}: ${target} has no such heading`;
}

test("every link of every page leads somewhere", () => {
  const faults = pages.flatMap((page) => {
    const links = withoutCode(readFileSync(page, "utf8")).matchAll(/\]\(([^)\s]+)\)/g);
    return [...links].flatMap(([, target = ""]) => faultOfLink(page, target) ?? []);
  });
  assert.deepEqual(faults, []);
  assert.ok(pages.includes("README.md"));
});

test("a broken link would be seen", () => {
  assert.match(faultOfLink("README.md", "docs/nowhere.md") ?? "", /does not exist/);
  assert.match(faultOfLink("README.md", "#no-such-heading") ?? "", /no such heading/);
});

test("the reference pages say what the code says", () => {
  for (const page of referencePages) {
    const written = existsSync(page.path) ? readFileSync(page.path, "utf8") : "";
    assert.equal(written, page.text(), `${page.path} is out of date: npm run reference`);
  }
});

test("every guide is reached from the README", () => {
  const readme = readFileSync("README.md", "utf8");
  const unreached = pages.filter((page) => page.startsWith("docs/guide/") && !readme.includes(`(${page})`));
  assert.deepEqual(unreached, []);
});

test("every decision stands in the index, under its number", () => {
  const index = readFileSync("docs/decisions/README.md", "utf8");
  const decisions = pages.filter((page) => /^docs\/decisions\/\d/.test(page));
  const faults = decisions.filter((page) => {
    const [name = "", number = ""] = /(\d{3})-[^/]*$/.exec(page) ?? [];
    const title = /^# \d{3} (.*)$/m.exec(readFileSync(page, "utf8"))?.[1];
    return !index.includes(`| [${number}](${name}) | ${title} |`);
  });
  assert.deepEqual(faults, []);
  assert.ok(decisions.length >= 8);
});

test("every reference page is reached from the README", () => {
  const readme = readFileSync("README.md", "utf8");
  assert.deepEqual(
    referencePages.filter((page) => !readme.includes(`(${page.path})`)),
    [],
  );
});

/** Quotes of the program in a page's prose: messages and codes. */
function quotesIn(markdown: string): readonly string[] {
  const text = withoutCode(markdown);
  const codes = text.matchAll(/`((?:postgres|destination|checksums|run|capsule)\.(?!txt`)[a-z-]+)`/g);
  const messages = text.matchAll(/(?<=^|[ (])"([a-z][^"\n]{8,}?)(?: …)?"/gm);
  return [...codes, ...messages].map(([, words = ""]) => words);
}

test("the guides quote no failure code and no message that the program does not have", () => {
  const source = loadSources()
    .map((file) => file.text.replaceAll('"', ""))
    .join("\n");
  const guides = pages.filter((page) => page.startsWith("docs/guide/"));
  const quotes = guides.flatMap((page) => quotesIn(readFileSync(page, "utf8")));
  assert.deepEqual(
    quotes.filter((words) => !Object.hasOwn(failureTable, words) && !source.includes(words)),
    [],
  );
  assert.ok(quotes.length >= 8);
  assert.deepEqual(quotesIn('## "does not bear our mark" (`run.nonsense`)'), [
    "run.nonsense",
    "does not bear our mark",
  ]);
});
