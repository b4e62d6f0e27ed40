import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { readToEnd } from "../platform/read-to-end.ts";
import { createEncryption } from "./create-encryption.ts";
import type { Decryptor } from "./encryption.ts";

const encryption = createEncryption();
const folder = mkdtempSync(join(tmpdir(), "codex-encryption-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Key {
  readonly path: string;
  readonly recipient: string;
}

const keys: Key[] = [];
let decryptor: Decryptor;

function keyAt(index: number): Key {
  const key = keys[index];
  assert.ok(key);
  return key;
}

before(async () => {
  for (const name of ["a", "b", "c"]) {
    const path = join(folder, `${name}.key`);
    execFileSync("age-keygen", ["-o", path], { stdio: "ignore" });
    keys.push({ path, recipient: execFileSync("age-keygen", ["-y", path], { encoding: "utf8" }).trim() });
  }
  decryptor = await encryption.openIdentities(keyAt(0).path);
});

/** In pieces of a size that fits neither the format's nor the system's. */
function source(bytes: Buffer, step = 30_011): Readable {
  const chunks = Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) =>
    bytes.subarray(index * step, (index + 1) * step),
  );
  return Readable.from(chunks, { objectMode: false });
}

async function encrypted(plain: Buffer, recipients: readonly string[]): Promise<Buffer> {
  const through = await encryption.encryptor(recipients);
  source(plain).pipe(through);
  return readToEnd(through);
}

async function decrypted(stored: Buffer, by: Decryptor = decryptor): Promise<Buffer> {
  const { stream } = await by.open(source(stored), "sample.age");
  return readToEnd(stream);
}

function withAge(args: readonly string[], input: Buffer): Buffer {
  return execFileSync("age", args, { input, maxBuffer: 64 * 1024 * 1024, stdio: ["pipe", "pipe", "pipe"] });
}

function noise(length: number): Buffer {
  return createHash("shake256", { outputLength: Math.max(1, length) })
    .update(String(length))
    .digest()
    .subarray(0, length);
}

for (const size of [0, 1, 65_535, 65_536, 65_537, 131_072, 5_000_000]) {
  test(`${size} bytes go to the age program and back`, async () => {
    const plain = noise(size);
    const ours = await encrypted(plain, [keyAt(0).recipient]);
    assert.ok(withAge(["-d", "-i", keyAt(0).path], ours).equals(plain), "age reads what we wrote");
    const theirs = withAge(["-r", keyAt(0).recipient], plain);
    assert.equal(theirs.length, ours.length);
    assert.ok((await decrypted(theirs)).equals(plain), "we read what age wrote");
  });
}

test("each of several recipients opens it, and it is told whose identity did", async () => {
  const plain = Buffer.from("for all of us");
  const stored = await encrypted(
    plain,
    keys.map(({ recipient }) => recipient),
  );
  for (const { path, recipient } of keys) {
    assert.ok(withAge(["-d", "-i", path], stored).equals(plain));
    const opened = await (await encryption.openIdentities(path)).open(source(stored), "sample.age");
    assert.equal(opened.openedBy, recipient);
    assert.ok((await readToEnd(opened.stream)).equals(plain));
  }
});

test("of several identities in a file the one that fits is used", async () => {
  const path = join(folder, "both.key");
  const texts = [1, 0].map((index) => execFileSync("cat", [keyAt(index).path]));
  writeFileSync(path, Buffer.concat(texts), { mode: 0o600 });
  const both = await encryption.openIdentities(path);
  assert.deepEqual(both.recipients, [keyAt(1).recipient, keyAt(0).recipient]);
  const stored = await encrypted(Buffer.from("x"), [keyAt(0).recipient]);
  assert.equal((await both.open(source(stored), "sample.age")).openedBy, keyAt(0).recipient);
});

test("another's key opens nothing", async () => {
  const stored = await encrypted(noise(100), [keyAt(1).recipient]);
  await assert.rejects(decrypted(stored), {
    code: "encryption.no-identity",
    message: `Cannot decrypt "sample.age": it was not encrypted for the key of ${keyAt(0).recipient}`,
  });
});

test("any byte that is changed is found", async () => {
  const stored = await encrypted(noise(70_000), [keyAt(0).recipient]);
  await fc.assert(
    fc.asyncProperty(fc.nat(stored.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const changed = Buffer.from(stored);
      changed.writeUInt8((stored[at] ?? 0) ^ flip, at);
      await assert.rejects(decrypted(changed), { code: /^encryption\.(damaged|no-identity)$/ });
    }),
    { numRuns: 300 },
  );
});

test("an end that was cut anywhere, and bytes behind the end, are found", async () => {
  const piece = 65_536 + 16;
  const stored = await encrypted(noise(3 * 65_536), [keyAt(0).recipient]);
  const head = stored.length - 3 * piece;
  const ends = [
    0,
    5,
    21,
    head - 20,
    head - 1,
    head,
    head + 1,
    head + 15,
    head + piece,
    head + 2 * piece,
    stored.length - 1,
  ];
  for (const end of ends) {
    await assert.rejects(decrypted(stored.subarray(0, end)), { code: "encryption.damaged" }, `cut at ${end}`);
  }
  for (const added of [1, 16, piece]) {
    await assert.rejects(decrypted(Buffer.concat([stored, Buffer.alloc(added)])), {
      code: "encryption.damaged",
    });
  }
  const first = stored.subarray(head, head + piece);
  const second = stored.subarray(head + piece, head + 2 * piece);
  const swapped = Buffer.concat([stored.subarray(0, head), second, first, stored.subarray(head + 2 * piece)]);
  await assert.rejects(decrypted(swapped), { message: /piece 1 of 64 KiB was changed/ });
});

test("a file that is no age file is told as that, however long its first line", async () => {
  for (const bytes of [
    Buffer.from("-- PostgreSQL database dump"),
    Buffer.alloc(1_000_000, "age-encryption.org/v1\n"),
  ]) {
    await assert.rejects(decrypted(bytes), { code: "encryption.damaged", message: /no whole age file/ });
  }
});

test("whatever ends the reading ends the stored stream too", async () => {
  const stored = await encrypted(noise(3_000_000), [keyAt(0).recipient]);
  for (const by of [decryptor, await encryption.openIdentities(keyAt(1).path)]) {
    const stream = source(stored);
    const closed = new Promise((resolve) => stream.once("close", resolve));
    const opened = await by.open(stream, "sample.age").catch(() => null);
    opened?.stream.destroy();
    await closed;
    assert.ok(stream.destroyed);
  }
});

test("an error of the storage is told as it is, not as damage", async () => {
  const stored = await encrypted(noise(200_000), [keyAt(0).recipient]);
  async function* failing() {
    yield stored.subarray(0, 100_000);
    throw new RangeError("the disk is gone");
  }
  const { stream } = await decryptor.open(Readable.from(failing(), { objectMode: false }), "sample.age");
  await assert.rejects(readToEnd(stream), { message: "the disk is gone" });
});

test("memory stays bounded: a reader who waits stops the source", async () => {
  let asked = 0;
  async function* endless() {
    for (;;) {
      asked += 1;
      yield Buffer.alloc(65_536);
    }
  }
  const through = await encryption.encryptor([keyAt(0).recipient]);
  const endlessly = Readable.from(endless(), { objectMode: false });
  endlessly.pipe(through);
  await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(asked > 1 && asked < 200, `${asked} pieces were taken`);
  endlessly.destroy();
  through.destroy();
});

test("a recipient that age does not know is refused before anything is written", async () => {
  for (const recipients of [["ssh-ed25519 AAAA"], [], [keyAt(0).recipient, "age1mistyped"]]) {
    await assert.rejects(encryption.encryptor(recipients), { code: "encryption.recipient" });
  }
});

test("a new key pair is a file that age and age-keygen use", async () => {
  const { text, recipient } = await encryption.generate("2026-11-23T01:00:00Z");
  const path = join(folder, "new.key");
  writeFileSync(path, text.reveal(), { mode: 0o600 });
  assert.equal(execFileSync("age-keygen", ["-y", path], { encoding: "utf8" }).trim(), recipient);
  const stored = await encrypted(Buffer.from("new"), [recipient]);
  assert.equal(withAge(["-d", "-i", path], stored).toString(), "new");
  assert.deepEqual((await encryption.openIdentities(path)).recipients, [recipient]);
});

test("a file without a usable identity is refused, and no message has any of its text", async () => {
  const secret = execFileSync("tail", ["-1", keyAt(0).path], { encoding: "utf8" }).trim();
  const files: Readonly<Record<string, readonly [text: string, seen: RegExp]>> = {
    "empty.key": ["# created: today\n\n", /no key is in it/],
    "ssh.key": ["-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n", /SSH key/],
    "locked.key": ["age-encryption.org/v1\n-> scrypt aaaa 18\n", /encrypted with a passphrase/],
    "plugin.key": ["AGE-PLUGIN-YUBIKEY-1QQQ\n", /plugin/],
    "public.key": [`${keyAt(0).recipient}\n`, /public key/],
    "cut.key": [`${secret.slice(0, -5)}\n`, /key 1 in it was cut/],
    "second.key": [`${secret}\nhello\n`, /key 2 in it is none/],
  };
  for (const [name, [text, seen]] of Object.entries(files)) {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    const failure: unknown = await encryption.openIdentities(path).catch((error: unknown) => error);
    assert.ok(failure instanceof Error);
    assert.match(failure.message, seen);
    assert.ok(!failure.message.includes(secret.slice(16, 40)), "the key is not told");
  }
  await assert.rejects(encryption.openIdentities(join(folder, "none.key")), {
    code: "encryption.identity",
    message: /: there is no such file$/,
  });
});

test("a key that the group or others may read is refused", async () => {
  const path = join(folder, "open.key");
  writeFileSync(path, execFileSync("cat", [keyAt(0).path]), { mode: 0o600 });
  for (const mode of [0o640, 0o660, 0o604, 0o644]) {
    chmodSync(path, mode);
    await assert.rejects(encryption.openIdentities(path), {
      code: "encryption.identity",
      message: new RegExp(`other users may read it \\(mode 0${mode.toString(8)}\\)`),
      hint: /chmod 600/,
    });
  }
  chmodSync(path, 0o400);
  assert.equal((await encryption.openIdentities(path)).recipients.length, 1);
});
