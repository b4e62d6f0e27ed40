import assert from "node:assert/strict";
import { test } from "node:test";
import { findRoles } from "./role-findings.ts";

const globals = Buffer.from("CREATE ROLE app;\nCREATE ROLE unused;\n");
const owner = { roles: ["owner"], mayCreateRoles: true };
const needed = ["app", "gone", "owner"];

function said(found: ReturnType<typeof findRoles>): readonly string[] {
  return found.map(({ severity, message }) => `${severity}: ${message}`);
}

test("a missing role is one that will be made, or that the backup does not define", () => {
  assert.deepEqual(said(findRoles({ needed, globals }, owner)), [
    'note: role "app" is missing and will be created',
    'warning: role "gone" is missing, and the backup does not define it',
  ]);
});

test("with --roles none no role is announced that will not be made", () => {
  assert.deepEqual(said(findRoles({ needed, globals, roles: "none" }, owner)), [
    'warning: role "app" is missing, and --roles none does not create it',
    'warning: role "gone" is missing, and the backup does not define it',
  ]);
});

test("without owners, a missing role stands in nobody's way", () => {
  assert.deepEqual(said(findRoles({ needed, globals, roles: "none", withoutOwners: true }, owner)), [
    'note: role "app" is missing; policies, user mappings and settings that name it will be left out',
    'note: role "gone" is missing; policies, user mappings and settings that name it will be left out',
  ]);
});

test("a role that may not create roles is stopped before the first CREATE ROLE, with all that are missing", () => {
  const developer = { roles: ["developer"], mayCreateRoles: false };
  const [, blocker] = findRoles({ needed: ["app"], globals }, developer);
  assert.equal(blocker?.severity, "blocker");
  assert.equal(blocker?.message, "this role may not create roles, and these are missing: app, unused");
  const roleMap = new Map([
    ["app", "developer"],
    ["unused", "developer"],
  ]);
  assert.deepEqual(findRoles({ needed: ["app"], globals, roleMap }, developer), []);
  assert.deepEqual(
    said(findRoles({ needed: ["app"], globals, roles: "none" }, developer)).map((line) => line.split(":")[0]),
    ["warning"],
  );
});
