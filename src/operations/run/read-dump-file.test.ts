import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";
import { localSource } from "../../domain/jobs/source.ts";
import { createSystemClock } from "../../platform/clock.ts";
import { createSilentLog } from "../../platform/log.ts";
import { createPostgres } from "../../postgres/create-postgres.ts";
import type { Postgres } from "../../postgres/postgres.ts";
import { readDumpFile } from "./read-dump-file.ts";

const log = createSilentLog();
const real = createPostgres({ clock: createSystemClock(), log, env: {}, newToken: () => "token" });
const text = `--
-- PostgreSQL database dump
--

--
-- PostgreSQL database dump complete
--

`;
const archive = Buffer.concat([Buffer.from("PGDMP"), Buffer.alloc(3_000_000, 7)]);
const signal = new AbortController().signal;

/** As pg_restore, which ends at the last block that it knows, and closes its input. */
function endingAt(bytes: number): Postgres {
  async function* convert(stored: Readable) {
    let seen = 0;
    for await (const chunk of stored) {
      seen += chunk.length;
      if (seen >= bytes) break;
    }
    yield Buffer.from(text);
  }
  const archiveText: Postgres["archiveText"] = async (_source, stored) =>
    Readable.from(convert(stored), { objectMode: false });
  return { ...real, archiveText };
}

function read(postgres: Postgres) {
  const file = { name: "a.dump", format: "custom", compression: "none", source: localSource } as const;
  const chunks = Array.from({ length: 48 }, (_, index) =>
    archive.subarray(index * 65_536, (index + 1) * 65_536),
  );
  return readDumpFile(postgres, file, {
    stored: Readable.from(chunks, { objectMode: false }),
    signal,
    onBytes: () => {},
  });
}

for (const at of [5, 100_000, archive.length]) {
  test(`an archive whose reader ends after ${at} bytes is hashed to its end`, async () => {
    const found = await read(endingAt(at));
    assert.deepEqual(found.stored, {
      sizeBytes: archive.length,
      sha256: createHash("sha256").update(archive).digest("hex"),
    });
    assert.equal(found.read.isComplete, true);
  });
}

test("a reader that fails is told in its own words, and the file is not read on", async () => {
  const failing: Postgres = { ...real, archiveText: () => Promise.reject(new RangeError("no pg_restore")) };
  await assert.rejects(read(failing), { message: "no pg_restore" });
});
