import assert from "node:assert/strict";
import { test } from "node:test";
import { listArgs, matching, parseList } from "./container-list.ts";

const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const printed = [
  `${id}|codex_postgres|Up 3 hours (healthy)`,
  "fedc|codex_postgres_old|Exited (0) 2 hours ago",
  "aaaa|frozen|Up 2 hours (Paused)",
  "bbbb|new|Created",
  "",
].join("\n");

test("only what is up and not paused counts as running", () => {
  assert.deepEqual(
    parseList(printed).map((one) => [one.names[0], one.isRunning]),
    [
      ["codex_postgres", true],
      ["codex_postgres_old", false],
      ["frozen", false],
      ["new", false],
    ],
  );
});

test("a name is matched whole, not as a part as docker's own filter does", () => {
  const found = matching(parseList(printed), { by: "name", name: "codex_postgres" });
  assert.deepEqual(
    found.map((one) => one.id),
    [id],
  );
});

test("the beginning of an id works as a name", () => {
  assert.equal(matching(parseList(printed), { by: "name", name: id.slice(0, 12) }).length, 1);
  assert.equal(matching(parseList(printed), { by: "name", name: "0123" }).length, 0);
});

test("compose containers are asked for by project and service together", () => {
  const args = listArgs({ by: "compose", project: "codex", service: "db" });
  assert.ok(args.includes("--filter=label=com.docker.compose.project=codex"));
  assert.ok(args.includes("--filter=label=com.docker.compose.service=db"));
});
