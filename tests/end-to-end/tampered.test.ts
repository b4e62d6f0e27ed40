import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { openCatalog } from "../../src/catalog/open-catalog.ts";
import { formatManifest, parseManifest } from "../../src/domain/backups/manifest-text.ts";
import { sealText } from "../../src/operations/run/seal.ts";
import { createSignatures } from "../../src/signatures/create-signatures.ts";
import { loadAwkward } from "../fixtures/awkward.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { createOperator, type Operator } from "./cli-tool.ts";

// An attacker who has the machine and its signing key changes a dump and makes everything beside it fit: manifest,
// NAME.sha256, checksums.txt, signature, catalog. What is left to find it is what the dump restores to.

function configFor({ socketDirectory, port, user, binDirectory }: PostgresTestServer): string {
  return `
version: 1
state: ./state
timezone: UTC
destinations:
  backups: { path: ./backups }
jobs:
  database:
    postgres: { socket: ${socketDirectory}, port: ${port}, user: ${user}, clientDirectory: ${binDirectory}, database: awkward }
    to: [backups]
    name: "awkward_{date}"
    prove: { server: { postgres: { socket: ${socketDirectory}, port: ${port}, user: ${user}, clientDirectory: ${binDirectory} } } }
`;
}

/** Bytes as characters of one byte each, so that nothing but the change is changed. */
type Dump = string;

suite("a dump that was tampered with by whoever has the key", { concurrency: false }, () => {
  let server: PostgresTestServer;
  let operator: Operator;
  let id: string;
  let whole: ReadonlyMap<string, Buffer>;

  before(async () => {
    server = await startPostgres();
    await loadAwkward(server);
    operator = createOperator(configFor(server));
    assert.equal((await operator.run("destination", "init", "backups")).code, 0);
    assert.equal((await operator.runHere("keys", "generate")).code, 0);
    const { document } = await operator.json("run", "database");
    id = document.runs[0].backup.id;
    const names = readdirSync(operator.path("backups"));
    whole = new Map(names.map((name) => [name, readFileSync(operator.path("backups", name))]));
  });

  after(() => server.stop());

  const dumpName = () => `${id}.sql`;
  const dumpText = (): Dump => (whole.get(dumpName()) ?? Buffer.alloc(0)).toString("latin1");

  /** Lays out the backup as it was made, with another dump in it that everything else speaks of. */
  async function forge(dump: Dump): Promise<void> {
    const bytes = Buffer.from(dump, "latin1");
    const made = whole.get(`${id}.manifest.json`) ?? Buffer.alloc(0);
    const manifest = parseManifest(made, `${id}.manifest.json`);
    const passed = { sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    const files = manifest.files.map((file) =>
      file.role === "dump" ? { ...file, ...passed, content: passed } : file,
    );
    const forged = { ...manifest, files };
    const text = formatManifest(forged);
    const sealed = sealText(forged, text);
    const signer = await createSignatures({
      directory: operator.path("state", "keys"),
      trusted: [],
    }).signer();
    for (const name of readdirSync(operator.path("backups")))
      if (!whole.has(name)) rmSync(operator.path("backups", name));
    const written = new Map<string, string | Buffer>([
      ...whole,
      [dumpName(), bytes],
      [`${id}.manifest.json`, text],
      [`${id}.manifest.json.minisig`, signer?.sign(Buffer.from(text), "as it should be") ?? ""],
      [`${id}.sha256`, sealed.ownHashText],
      ["checksums.txt", sealed.ownHashText],
    ]);
    for (const [name, content] of written) writeFileSync(operator.path("backups", name), content);
    const catalog = openCatalog(operator.path("state", "catalog.db"));
    const copy = catalog.backup("database", id)?.copies[0];
    assert.ok(copy);
    catalog.putBackup(forged, text, sealed.manifestSha256);
    catalog.putCopy({ ...copy, state: "whole", level: "read", failure: null });
    const { job, destination } = { job: "database", destination: copy.destination };
    for (const { name } of catalog.proofFiles(job, destination))
      catalog.forgetProofFile({ job, destination, name });
    catalog.close();
  }

  /** The differences that a proof names, once no other check found any. */
  async function proveForged(change: (dump: Dump) => Dump): Promise<string> {
    const forged = change(dumpText());
    assert.notEqual(forged, dumpText(), "nothing was changed");
    await forge(forged);
    assert.equal((await operator.runHere("verify", "--level", "hashed")).code, 0);
    assert.equal((await operator.runHere("verify", "--signatures")).code, 0);
    execFileSync("sha256sum", ["-c", "--quiet", "checksums.txt"], { cwd: operator.path("backups") });
    const { code, stdout } = await operator.runHere("--json", "prove", id);
    const [proof] = JSON.parse(stdout).proofs;
    assert.equal(proof.outcome, "mismatch", JSON.stringify(proof.failure));
    assert.equal(code, 4);
    return proof.differences.join("\n");
  }

  test("as it was made, it is proven", async () => {
    await forge(dumpText());
    const where = `programs:${server.binDirectory}`; // the others go to a database of the same server, which is quicker
    const { code, stdout } = await operator.runHere("--json", "prove", id, "--server", where);
    assert.equal(code, 0, stdout);
    const [proof] = JSON.parse(stdout).proofs;
    assert.deepEqual([proof.outcome, proof.differences], ["proven", []]);
  });

  test("a row deleted from it is found", async () => {
    const found = await proveForged((dump) => changeRows(dump, "public.moments", ([, ...others]) => others));
    assert.equal(found, "rows of public.moments differ (5 recorded, 4 restored)");
  });

  test("two rows swapped are found", async () => {
    const swap = ([first = "", second = "", ...others]: readonly string[]) => [second, first, ...others];
    const found = await proveForged((dump) => changeRows(dump, "public.moments", swap));
    assert.match(
      found,
      /^rows of public\.moments differ \(5 recorded and restored, in their content or order\)$/,
    );
  });

  test("two values swapped between rows are found", async () => {
    const swap = ([first = "", second = "", ...others]: readonly string[]) => {
      const [one, two] = [first.split("\t"), second.split("\t")];
      const [a = "", b = ""] = [one[1], two[1]];
      return [one.with(1, b).join("\t"), two.with(1, a).join("\t"), ...others];
    };
    const found = await proveForged((dump) => changeRows(dump, "public.moments", swap));
    assert.match(
      found,
      /^rows of public\.moments differ \(5 recorded and restored, in their content or order\)$/,
    );
  });

  test("a byte of a large object changed is found", async () => {
    const found = await proveForged((dump) =>
      dump.replace(/(lo_open\('900001'[\s\S]*?lowrite\(0, '\\x)\w\w/, "$1ff"),
    );
    assert.equal(found, "large object 900001 differs in its bytes");
  });

  test("the body of a function changed is found", async () => {
    const found = await proveForged((dump) => dump.replace("-- swallowed up to", "-- swallowed on to"));
    assert.equal(found, "function public.unended_copy() differs");
  });

  test("a table removed, with its rows, is found", async () => {
    const found = await proveForged((dump) => withoutSections(dump, "moments"));
    assert.match(found, /table public\.moments is missing/);
  });

  test("the value of a sequence changed is found", async () => {
    const found = await proveForged((dump) =>
      dump.replace(
        "'public.near_the_end', 9223372036854775806",
        "'public.near_the_end', 9223372036854775805",
      ),
    );
    assert.match(found, /^sequence public\.near_the_end/);
  });

  test("a byte within a jsonb changed is found", async () => {
    const found = await proveForged((dump) => changeRows(dump, "public.structured", changeJsonb));
    assert.match(found, /^rows of public\.structured differ \(3 recorded and restored/);
  });

  test("one that was cut in the middle and given a valid end is found", async () => {
    const found = await proveForged((dump) => {
      const cut = dump.indexOf("--\n-- Data for Name: texts;");
      const end = dump.lastIndexOf("--\n-- PostgreSQL database dump complete");
      assert.ok(cut > 0 && end > cut);
      return dump.slice(0, cut) + dump.slice(end);
    });
    assert.match(found, /rows of public\.texts differ \(22 recorded, 0 restored\)|table public\.texts/);
  });

  test("the dump of another database under this name is found", async () => {
    await server.createDatabase("another");
    await server.psql(
      "CREATE TABLE public.intruder (id integer); INSERT INTO intruder VALUES (1)",
      "another",
    );
    const program = `${server.binDirectory}/pg_dump`;
    const other = execFileSync(program, ["another"], { env: { ...server.env }, encoding: "latin1" });
    const found = await proveForged(() => other);
    assert.match(found, /table public\.texts is missing/);
    assert.match(found, /intruder/);
  });
});

/** The rows of a table's COPY. */
function changeRows(dump: Dump, table: string, change: (rows: readonly string[]) => readonly string[]): Dump {
  const head = new RegExp(`^COPY ${table.replace(".", "\\.")} \\(.*\\) FROM stdin;\n`, "m").exec(dump);
  assert.ok(head, `no rows of ${table}`);
  const start = head.index + head[0].length;
  const end = dump.indexOf("\n\\.\n", start);
  return dump.slice(0, start) + change(dump.slice(start, end).split("\n")).join("\n") + dump.slice(end);
}

/** In the third column of the row whose jsonb is "x". */
function changeJsonb(rows: readonly string[]): readonly string[] {
  return rows.map((row) => {
    const fields = row.split("\t");
    return fields[2] === '"x"' ? fields.with(2, '"y"').join("\t") : row;
  });
}

/** Without all that pg_dump says of one table. */
function withoutSections(dump: Dump, table: string): Dump {
  const isOfTable = new RegExp(`^--\n-- (Data for )?Name: (TABLE |COLUMN )?${table}\\b`);
  return dump
    .split(/(?=^--\n-- (?:Data for )?Name: )/m)
    .filter((section) => !isOfTable.test(section))
    .join("");
}
