import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import { referencePages } from "../../scripts/reference/pages.ts";

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
