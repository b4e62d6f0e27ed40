import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { createConfigFolder } from "../../tests/fakes/written-config.ts";
import type { DestinationConfig } from "./destination-config.ts";

const hostKey = `SHA256:${"A".repeat(43)}`;

/** One of each kind, with what cannot be left out. */
const shortest = {
  local: { path: "/b" },
  aws: { s3: { bucket: "codex", region: "eu-central-1" } },
  ceph: { s3: { bucket: "codex", endpoint: "https://s3.example.org/", secretFile: "pair" } },
  ssh: { sftp: { host: "nas", user: "backup", path: "in/", hostKey, privateKeyFile: "id" } },
  blob: { azure: { account: "codex1", container: "nightly", key: { env: "AZURE" } } },
  dav: { webdav: { url: "https://dav.example.org/b/" } },
  any: { rclone: { remote: "b2:bucket/nightly" } },
};

/** One of each kind, with everything that can be set. */
const fullest = {
  local: {
    path: "/b",
    mode: "0640",
    offSite: true,
    medium: "tape",
    readBack: "full",
    bandwidth: [{ limit: "5 MB" }],
  },
  aws: {
    s3: {
      bucket: "codex",
      prefix: "/nightly/",
      region: "eu-central-1",
      pathStyle: true,
      keyId: { env: "KEY_ID" },
      secretFile: "secret",
      sessionTokenFile: "secret",
      storageClass: "STANDARD_IA",
      encryption: "aws:kms",
      kmsKey: "alias/codex",
      lock: { mode: "governance", for: "30d" },
      partSize: "16 MiB",
      integrity: "none",
      concurrency: 2,
      ca: "ca.pem",
      proxy: "http://proxy:3128",
    },
    keep: { monthly: 12 },
    readBack: "sample",
    immutable: true,
    readOnly: true,
  },
  ceph: {
    s3: { bucket: "codex", endpoint: "http://ceph:8080", insecure: true, secretFile: "pair" },
    immutable: "30d",
  },
  ssh: {
    sftp: {
      host: "nas",
      port: 2222,
      user: "b",
      path: "/in",
      hostKey: [hostKey],
      privateKeyFile: "id",
      passphraseFile: "secret",
    },
    bandwidth: [{ from: "22:00", to: "6:30", limit: "2 MB" }],
  },
  blob: {
    azure: {
      account: "codex1",
      container: "nightly",
      prefix: "a/b",
      sasFile: "secret",
      tier: "Cool",
      partSize: "8 MiB",
      concurrency: 1,
    },
  },
  dav: {
    webdav: { url: "http://127.0.0.1:80/b", user: "u", passwordFile: "secret", proxy: "http://proxy:3128" },
  },
  any: {
    rclone: {
      remote: "b2:bucket",
      config: "rclone.conf",
      program: "./rclone",
      args: ["--fast-list"],
      env: { RCLONE_CONFIG_PASS: { file: "secret" } },
    },
    offSite: false,
  },
};

const env = { AZURE: "azure-hushed", KEY_ID: "KEYID" };

async function folderWith(context: Parameters<typeof createConfigFolder>[0]) {
  const folder = await createConfigFolder(context, env);
  await folder.write("pair", "PAIRID:pair-hushed\n");
  await folder.write("secret", "file-hushed\n");
  await folder.write("id", "-----BEGIN\nlines\n-----END\n");
  return folder;
}

function written(destinations: object, to: readonly string[] = []): string {
  const jobs =
    to.length === 0
      ? { j: { command: { argv: ["x"] } } }
      : { j: { to, capsule: { root: "/r", include: ["a"] } } };
  return stringify({ destinations, jobs });
}

function of<Kind extends DestinationConfig["kind"]>(
  all: readonly DestinationConfig[],
  name: string,
  kind: Kind,
): Extract<DestinationConfig, { kind: Kind }> {
  const found = all.find((one) => one.name === name);
  assert.equal(found?.kind, kind);
  return found as Extract<DestinationConfig, { kind: Kind }>; // its kind was compared a line above
}

test("each kind is read with its defaults, those that differ between Amazon and others too", async (context) => {
  const { destinations } = await (await folderWith(context)).load(written(shortest));
  const aws = of(destinations, "aws", "s3");
  assert.deepEqual(
    [aws.credentials.kind, aws.pathStyle, aws.integrity, aws.endpoint, aws.prefix],
    ["chain", false, "crc32", null, ""],
  );
  const ceph = of(destinations, "ceph", "s3");
  assert.deepEqual([ceph.pathStyle, ceph.integrity, ceph.endpoint], [true, "md5", "https://s3.example.org"]);
  const ssh = of(destinations, "ssh", "sftp");
  assert.deepEqual([ssh.port, ssh.path, ssh.hostKeys], [22, "in", [hostKey]]);
  assert.equal(ssh.privateKey?.reveal(), "-----BEGIN\nlines\n-----END\n");
  const traits = (name: string) => destinations.find((one) => one.name === name)?.traits;
  const usual = { readBack: "full", isReadOnly: false };
  assert.deepEqual(traits("local"), { kind: "local", isOffSite: false, medium: "local", ...usual });
  assert.deepEqual(traits("ssh"), { kind: "sftp", isOffSite: true, medium: "sftp", ...usual });
});

test("one secret with both halves of a key is taken apart, and neither half is ever printed", async (context) => {
  const { destinations, secrets } = await (await folderWith(context)).load(written(shortest));
  const { credentials } = of(destinations, "ceph", "s3");
  assert.ok(credentials.kind === "keys");
  assert.deepEqual([credentials.keyId.reveal(), credentials.secret.reveal()], ["PAIRID", "pair-hushed"]);
  const hidden = secrets.map((secret) => secret.reveal());
  for (const word of ["PAIRID", "pair-hushed", "azure-hushed"]) assert.ok(hidden.includes(word), word);
});

test("what is shown of a destination reads back as the same, without any of its secrets", async (context) => {
  const folder = await folderWith(context);
  for (const destinations of [shortest, fullest]) {
    const config = await folder.load(written(destinations));
    const shown = folder.loader.showEffective(config);
    assert.doesNotMatch(shown, /hushed|PAIRID|lines/);
    const again = await folder.load(shown);
    const plain = (all: readonly DestinationConfig[]) =>
      JSON.stringify(all).replaceAll("[secret]", () => "s");
    assert.equal(plain(again.destinations), plain(config.destinations));
    assert.deepEqual(
      again.secrets.map((secret) => secret.reveal()).sort(),
      config.secrets.map((secret) => secret.reveal()).sort(),
    );
  }
});

test("monitors open no secret of a destination; commands that use destinations open those and no other", async (context) => {
  const folder = await folderWith(context);
  const jobs = { j: { to: ["ceph"], postgres: { user: "u", database: "d", passwordFile: "not-there" } } };
  const text = stringify({ destinations: { ceph: shortest.ceph }, jobs });
  const opened = async (secrets: "closed" | "destinations") => {
    const { destinations } = await folder.load(text, { secrets });
    const { credentials } = of(destinations, "ceph", "s3");
    assert.ok(credentials.kind === "keys");
    return [credentials.keyId.reveal(), credentials.secret.reveal()];
  };
  assert.deepEqual(await opened("closed"), ["", ""]);
  assert.deepEqual(await opened("destinations"), ["PAIRID", "pair-hushed"]);
});

test("a run goes on where only the storage elsewhere lost its secret", async (context) => {
  const folder = await folderWith(context);
  const lost = { s3: { ...shortest.ceph.s3, secretFile: "not-there" } };
  const { destinations } = await folder.load(written({ lost }), { secrets: "passwords" });
  const { credentials } = of(destinations, "lost", "s3");
  assert.ok(credentials.kind === "keys");
  assert.equal(credentials.secret.reveal(), "");
});

test("copies that are not read back in full are not waited for", async (context) => {
  const folder = await folderWith(context);
  const dav = { ...shortest.dav, readBack: "head" };
  const { jobs } = await folder.load(written({ local: shortest.local, dav }, ["local", "dav"]));
  assert.ok(jobs[0]?.kind === "capsule");
  assert.equal(jobs[0].requiredCopies, 1);
});

const s3 = (more: object) => ({ x: { s3: { ...shortest.aws.s3, ...more } } });
const dav = (more: object) => ({ x: { webdav: { ...shortest.dav.webdav, ...more } } });
const ssh = (more: object) => ({ x: { sftp: { ...shortest.ssh.sftp, ...more } } });

/** What would lose data, lie or show a secret, and what is said of it; none of it repeats a secret. */
const refusals: Readonly<
  Record<string, readonly [destinations: object, told: RegExp, to?: readonly string[]]>
> = {
  "no place": [
    { x: { readOnly: true } },
    /:2:3: destinations.x says not where it is; needed: exactly one of path, s3/,
  ],
  "two places": [{ x: { path: "/b", ...shortest.dav } }, /destinations.x has both path and webdav/],
  "a typo in a kind": [{ x: { stfp: {} } }, /unknown key "stfp" in destinations.x; .*did you mean "sftp"\?/],
  "an owner in a bucket": [
    { x: { ...shortest.aws, owner: "root" } },
    /:6:5: destinations.x.owner is of no use there/,
  ],
  "a password in an endpoint": [
    s3({ endpoint: "https://k:hushed@h" }),
    /x.s3.endpoint has a name or password in it; .*secretFile$/,
  ],
  "a password in a folder's address": [
    dav({ url: "https://u:hushed@h/b" }),
    /:4:12: .*x.webdav.url has a name .* user and passwordFile$/,
  ],
  "a token behind an address": [dav({ url: "https://h/b?sas=hushed" }), /x.webdav.url has a question mark/],
  "plain http elsewhere": [
    dav({ url: "http://h/b" }),
    /x.webdav.url is plain http to another host, .*insecure: true/,
  ],
  "no address": [s3({ endpoint: "minio:9000" }), /x.s3.endpoint is no address of the web; allowed: https/],
  "a proxy's password": [s3({ proxy: "http://u:hushed@p" }), /x.s3.proxy has a password in it/],
  "a remote with its password": [
    { x: { rclone: { remote: ":sftp,host=h,pass=hushed:b" } } },
    /x.rclone.remote has a password/,
  ],
  "a password in rclone's options": [
    { x: { rclone: { remote: "a:b", args: ["--sftp-pass=hushed"] } } },
    /x.rclone.args has a password/,
  ],
  "a directory as a remote": [{ x: { rclone: { remote: "/b" } } }, /x.rclone.remote is no remote/],
  "a key without its id": [
    s3({ secretFile: "secret" }),
    /x.s3.keyId is missing beside secret; .*KEYID:SECRET in one line/,
  ],
  "an id without its key": [s3({ keyId: { env: "KEY_ID" } }), /x.s3.secret is missing beside keyId/],
  "no region": [{ x: { s3: { bucket: "codex" } } }, /x.s3.region is missing/],
  "a class that cannot be read": [
    s3({ storageClass: "DEEP_ARCHIVE" }),
    /x.s3.storageClass is "DEEP_ARCHIVE", from which nothing/,
  ],
  "half a day of lock": [s3({ lock: { for: "36h" } }), /x.s3.lock has a time that is not of whole days/],
  "parts that no store takes": [s3({ partSize: "1 MB" }), /x.s3.partSize is out of range/],
  "no host key": [ssh({ hostKey: undefined }), /x.sftp.hostKey is missing/],
  "a host key in another form": [
    ssh({ hostKey: "ssh-ed25519 AAAA" }),
    /x.sftp.hostKey is .*ssh-keygen -lf -/,
  ],
  "no way to log in": [ssh({ privateKeyFile: undefined }), /x.sftp.privateKey is missing/],
  "a user without a password": [dav({ user: "u" }), /x.webdav.password is missing beside user/],
  "no key to a container": [
    { x: { azure: { account: "abc", container: "abc" } } },
    /x.azure.key and sas .*one of keyFile, sasFile/,
  ],
  "a bandwidth from one time on": [
    { x: { path: "/b", bandwidth: [{ from: "08:00", limit: "1 MB" }] } },
    /both from and to, or neither/,
  ],
  "no bandwidth at all": [{ x: { path: "/b", bandwidth: [{ limit: "0 B" }] } }, /a size from 1 kB/],
  "one bucket under two names": [
    { ...s3({ prefix: "/n/" }), y: { s3: { ...shortest.aws.s3, prefix: "n", region: "eu-west-1" } } },
    /destinations.y.s3 is the same place as that of "x" too/,
  ],
  "one folder under two names": [
    { ...dav({}), y: { webdav: { url: "https://DAV.example.org:443/b" } } },
    /y.webdav is the same place/,
  ],
  "a job to a storage that is only read": [
    { x: { path: "/b", readOnly: true } },
    /jobs.j.to\[0\] is "x", which is readOnly/,
    ["x"],
  ],
  "a job whose copies nobody reads": [
    { x: { path: "/b", readBack: "sample" } },
    /jobs.j.to has no destination whose copies are read back in full/,
    ["x"],
  ],
};

for (const [name, [destinations, told, to]] of Object.entries(refusals)) {
  test(`refused: ${name}`, async (context) => {
    const { lines } = await (await folderWith(context)).refuse(written(destinations, to));
    assert.ok(
      lines.some((line) => told.test(line)),
      lines.join("\n"),
    );
    assert.doesNotMatch(lines.join("\n"), /hushed/);
  });
}

test("more copies than are read back in full cannot be demanded", async (context) => {
  const destinations = { a: { path: "/a" }, b: { path: "/b", readBack: "head" } };
  const jobs = { j: { to: ["a", "b"], copies: { required: 2 }, capsule: { root: "/r", include: ["x"] } } };
  const { lines } = await (await folderWith(context)).refuse(stringify({ destinations, jobs }));
  assert.match(
    lines[1] ?? "",
    /required is 2, but there are 2 destinations, and only 1 of them with readBack: full; allowed: 1 to 1$/,
  );
});

test("checksums.txt is not looked for where no directory is", async (context) => {
  const jobs = { j: { checksums: { destination: "dav" } } };
  const { lines } = await (await folderWith(context)).refuse(
    stringify({ destinations: { dav: shortest.dav }, jobs }),
  );
  assert.match(
    lines[1] ?? "",
    /jobs.j.checksums.destination is "dav", which is webdav and has no checksums.txt/,
  );
});
