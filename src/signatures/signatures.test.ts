import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { temporaryDirectory } from "../../tests/servers/cleanup.ts";
import { runProgram, tryProgram } from "../../tests/servers/run-program.ts";
import { Failure } from "../domain/failure.ts";
import { createSignatures } from "./create-signatures.ts";

interface Keys {
  readonly home: string;
  readonly signatures: ReturnType<typeof createSignatures>;
  path(name: string): string;
}

function openKeys(trusted: readonly string[] = []): Keys {
  const home = temporaryDirectory("signatures");
  const path = (name: string) => join(home, name);
  return { home, path, signatures: createSignatures({ directory: join(home, "keys"), trusted }) };
}

async function signedBy({ signatures }: Keys, bytes: Uint8Array, comment = "a comment"): Promise<string> {
  const signer = await signatures.signer();
  assert.ok(signer);
  return signer.sign(bytes, comment);
}

const isKeyFailure = (error: unknown) => error instanceof Failure && error.code === "signatures.key";

test("minisign itself verifies what we sign, and shows the trusted comment", async () => {
  const keys = openKeys();
  const { text, keyId } = await keys.signatures.generate();
  const bytes = randomBytes(100_000);
  writeFileSync(keys.path("file"), bytes);
  writeFileSync(keys.path("file.minisig"), await signedBy(keys, bytes, "manifest of database/x"));
  const seen = await runProgram(["minisign", "-V", "-P", text, "-m", keys.path("file")]);
  assert.match(seen, /Trusted comment: manifest of database\/x/);
  const byFile = await runProgram([
    "minisign",
    "-V",
    "-p",
    keys.path("keys/signing.pub"),
    "-m",
    keys.path("file"),
  ]);
  assert.match(byFile, /verified/);
  assert.equal(keyId.length, 16);
  writeFileSync(keys.path("file"), Buffer.concat([bytes, Buffer.from("x")]));
  assert.notEqual((await tryProgram(["minisign", "-V", "-P", text, "-m", keys.path("file")])).code, 0);
});

test("minisign signs with our exported key, and we take that for our own", async () => {
  const keys = openKeys();
  const { keyId } = await keys.signatures.generate();
  const { secretKeyText, publicKeyText } = await keys.signatures.exported();
  writeFileSync(keys.path("secret"), secretKeyText, { mode: 0o600 });
  writeFileSync(keys.path("public"), publicKeyText);
  writeFileSync(keys.path("file"), "some bytes");
  await runProgram(["minisign", "-S", "-s", keys.path("secret"), "-m", keys.path("file"), "-t", "by hand"]);
  await runProgram(["minisign", "-V", "-p", keys.path("public"), "-m", keys.path("file")]);
  const text = readFileSync(keys.path("file.minisig"), "utf8");
  assert.deepEqual(await keys.signatures.check(Buffer.from("some bytes"), text), {
    kind: "good",
    keyId,
    trustedComment: "by hand",
  });
});

test("signatures of minisign's own key count once the config trusts it, the old kind too", async () => {
  const home = temporaryDirectory("minisign");
  const path = (name: string) => join(home, name);
  await runProgram(["minisign", "-G", "-W", "-p", path("pub"), "-s", path("key")]);
  const line = readFileSync(path("pub"), "utf8").split("\n")[1] ?? "";
  writeFileSync(path("file"), "some bytes");
  for (const kind of [[], ["-l"]]) {
    await runProgram(["minisign", "-S", ...kind, "-s", path("key"), "-m", path("file")]);
    const text = readFileSync(path("file.minisig"), "utf8");
    const bytes = Buffer.from("some bytes");
    assert.equal((await openKeys([line]).signatures.check(bytes, text)).kind, "good");
    assert.equal((await openKeys([line]).signatures.check(Buffer.from("other"), text)).kind, "bad");
    assert.equal((await openKeys().signatures.check(bytes, text)).kind, "foreign");
  }
});

test("a key of minisign without a password can be put in the place of ours", async () => {
  const keys = openKeys();
  mkdirSync(keys.path("keys"));
  const [secret, open] = [keys.path("keys/signing.key"), keys.path("keys/signing.pub")];
  await runProgram(["minisign", "-G", "-W", "-p", open, "-s", secret]);
  const text = await signedBy(keys, Buffer.from("bytes"));
  assert.equal((await keys.signatures.check(Buffer.from("bytes"), text)).kind, "good");
});

test("any change of a file, of its signature or of the trusted comment is seen", async () => {
  const keys = openKeys();
  await keys.signatures.generate();
  const bytes = Buffer.from("the manifest's bytes");
  const text = Buffer.from(await signedBy(keys, bytes, "manifest of database/x"));
  const signedFrom = text.indexOf("\n") + 1; // the first line is untrusted, as it says
  const flip = (given: Buffer, at: number, bit: number) => {
    const changed = Buffer.from(given);
    changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at);
    return changed;
  };
  const isGood = async (content: Buffer, signature: Buffer) =>
    (await keys.signatures.check(content, signature.toString("utf8"))).kind === "good";
  assert.equal(await isGood(bytes, text), true);
  const bit = fc.nat(7);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(bytes.length - 1),
      bit,
      async (at, nth) => !(await isGood(flip(bytes, at, nth), text)),
    ),
  );
  // Only the last line end may go: the file then ends where the signature does.
  const position = fc.integer({ min: signedFrom, max: text.length - 2 });
  await fc.assert(
    fc.asyncProperty(position, bit, async (at, nth) => !(await isGood(bytes, flip(text, at, nth)))),
    { numRuns: 400 },
  );
  for (let end = signedFrom; end < text.length - 1; end += 1)
    assert.equal(await isGood(bytes, text.subarray(0, end)), false, `cut at ${end}`);
});

test("what is no signature says so", async () => {
  const keys = openKeys();
  await keys.signatures.generate();
  for (const text of ["", "\n\n\n\n", "untrusted comment: x\nRWQ=\ntrusted comment: y\nRWQ=\n"])
    assert.deepEqual(await keys.signatures.check(Buffer.from(""), text), { kind: "malformed" });
});

test("a comment cannot bring lines of its own into the signature", async () => {
  const keys = openKeys();
  await keys.signatures.generate();
  const verdict = await keys.signatures.check(
    Buffer.from("b"),
    await signedBy(keys, Buffer.from("b"), "a\nb"),
  );
  assert.equal(verdict.kind === "good" && verdict.trustedComment, "a b");
});

test("a key is made for its owner alone, and never over another", async () => {
  const keys = openKeys();
  assert.equal(await keys.signatures.signer(), null);
  assert.deepEqual(await keys.signatures.trusted(), []);
  const made = await Promise.allSettled([keys.signatures.generate(), keys.signatures.generate()]);
  assert.ok(made.some(({ status }) => status === "fulfilled"));
  const before = readFileSync(keys.path("keys/signing.key"), "utf8");
  await assert.rejects(keys.signatures.generate(), { code: "usage.refused" });
  assert.equal(readFileSync(keys.path("keys/signing.key"), "utf8"), before);
  assert.equal(statSync(keys.path("keys/signing.key")).mode & 0o777, 0o600);
  assert.equal(statSync(keys.path("keys")).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(keys.path("keys")).sort(), ["signing.key", "signing.pub"]);
  rmSync(keys.path("keys/signing.key"));
  await assert.rejects(
    keys.signatures.generate(),
    { code: "usage.refused" },
    "its public half is still needed",
  );
});

test("a key that others may read, that was cut or changed, or that is another one, is refused", async () => {
  const keys = openKeys();
  await keys.signatures.generate();
  const path = keys.path("keys/signing.key");
  const text = readFileSync(path, "utf8");
  const whole = await signedBy(keys, Buffer.from("x"));
  chmodSync(path, 0o640);
  await assert.rejects(keys.signatures.signer(), isKeyFailure);
  assert.equal(
    (await keys.signatures.check(Buffer.from("x"), whole)).kind,
    "good",
    "checking needs no secret",
  );
  chmodSync(path, 0o600);
  const bytes = Buffer.from(text.split("\n")[1] ?? "", "base64");
  const withByte = (at: number) => {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    return `untrusted comment: x\n${changed.toString("base64")}\n`;
  };
  const [keyIdAt, seedAt, publicAt] = [54, 62 + 5, 94 + 5];
  const short = `untrusted comment: x\n${bytes.subarray(0, 120).toString("base64")}\n`;
  for (const wrong of [
    "",
    text.slice(0, 100),
    short,
    withByte(keyIdAt),
    withByte(seedAt),
    withByte(publicAt),
  ]) {
    writeFileSync(path, wrong);
    await assert.rejects(keys.signatures.signer(), isKeyFailure, wrong);
  }
  writeFileSync(path, text);
  assert.ok(await keys.signatures.signer());
  const other = openKeys();
  await other.signatures.generate();
  writeFileSync(path, readFileSync(other.path("keys/signing.key")));
  await assert.rejects(keys.signatures.signer(), isKeyFailure);
});

test("a secret key that is gone from beside its public half is missed; what it signed still counts", async () => {
  const keys = openKeys();
  const { keyId } = await keys.signatures.generate();
  const signature = await signedBy(keys, Buffer.from("x"));
  rmSync(keys.path("keys/signing.key"));
  await assert.rejects(keys.signatures.signer(), isKeyFailure);
  assert.equal((await keys.signatures.check(Buffer.from("x"), signature)).kind, "good");
  assert.deepEqual(
    (await keys.signatures.trusted()).map((key) => key.keyId),
    [keyId],
  );
});

test("a line of the config that is no public key is named, not passed over", async () => {
  await assert.rejects(openKeys(["RWnonsense"]).signatures.trusted(), isKeyFailure);
});

test("what cannot be imported is told with a hint that leaves the key here alone", async () => {
  const keys = openKeys();
  const age = keys.path("age.txt");
  writeFileSync(age, "# created: now\nAGE-SECRET-KEY-1ABC\n", { mode: 0o600 });
  const cut = keys.path("cut.key");
  writeFileSync(cut, "untrusted comment: x\nRW", { mode: 0o600 });
  for (const [path, hint] of [
    [keys.path("nowhere"), /^Name the file that codex-backup keys export wrote/],
    [cut, /^Name the file that codex-backup keys export wrote/],
    [age, /--identity/],
  ] as const)
    await assert.rejects(keys.signatures.putBack(path), { code: "signatures.key", hint });
});
