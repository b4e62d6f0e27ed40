import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress } from "./address.ts";

const read: Readonly<Record<string, unknown>> = {
  "/mnt/disk": { path: "/mnt/disk" },
  "s3://codex/nightly/a?region=eu-central-1&endpoint=https://h:9000&pathStyle=true": {
    s3: {
      bucket: "codex",
      prefix: "nightly/a",
      region: "eu-central-1",
      endpoint: "https://h:9000",
      pathStyle: true,
    },
  },
  "s3://codex": { s3: { bucket: "codex", prefix: "" } },
  "sftp://me@host:2222/srv/backups?hostKey=SHA256:a%2Bb/c&privateKeyFile=/k": {
    sftp: {
      host: "host",
      port: 2222,
      user: "me",
      path: "/srv/backups",
      hostKey: "SHA256:a+b/c",
      privateKeyFile: "/k",
    },
  },
  "azure://acc/box/in/it": { azure: { account: "acc", container: "box", prefix: "in/it" } },
  "https://h/dav/x?user=me&passwordFile=/p": {
    webdav: { url: "https://h/dav/x", user: "me", passwordFile: "/p" },
  },
  "rclone:b2:bucket/path?config=/r": { rclone: { remote: "b2:bucket/path", config: "/r" } },
};

for (const [address, keys] of Object.entries(read))
  test(`${address} is read`, () => assert.deepEqual(parseAddress(address), keys));

test("what is no address is refused, and a password in it is repeated nowhere", () => {
  const wrong = [
    "",
    "backups",
    "ftp://h/x",
    "s3:codex",
    "s3:///x",
    "s3://codex?region",
    "sftp://host/x",
    "sftp://me@host",
    "sftp://me:hunter2@host/x",
    "https://me:hunter2@host/x",
    "azure://acc",
    "rclone:/x",
  ];
  for (const address of wrong) {
    const found = parseAddress(address);
    assert.ok("problem" in found, address);
    assert.doesNotMatch(String(found.problem), /hunter2/);
  }
});
