import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../domain/failure.ts";
import { serverOfUrl } from "./server-of-url.ts";

test("a server is what its URL says, with the password of the environment", () => {
  const { password, ...rest } = serverOfUrl("postgres://me@db:5433?sslmode=require", { PGPASSWORD: "pw" });
  assert.equal(password?.reveal(), "pw");
  assert.deepEqual(rest, {
    transport: { kind: "local" },
    host: "db",
    port: 5433,
    user: "me",
    parameters: { sslmode: "require" },
    clientDirectory: null,
  });
  assert.equal(serverOfUrl("postgres://me@%2Frun%2Fpg", {}).host, "/run/pg");
  assert.equal(serverOfUrl("postgres://me@db", { PGPASSWORD: "" }).password, null);
});

test("a password in the URL is refused and not repeated", () => {
  for (const url of ["postgres://me:hunter2@db", "postgres://db?password=hunter2", "mysql://db"])
    assert.throws(
      () => serverOfUrl(url, {}),
      (error) =>
        error instanceof Failure && error.code === "usage.invalid-value" && !/hunter2/.test(error.message),
      url,
    );
});
