import assert from "node:assert/strict";
import { test } from "node:test";
import {
  backUp,
  loseCatalog,
  type MemoryScene,
  namesOf,
  openMemoryScene,
  rot,
  storeOf,
  verifyAll,
  verifyOne,
} from "../../../tests/fakes/memory-scene.ts";
import { parseChecksumLine } from "../../domain/checksums/checksum-line.ts";

for (const isLost of [false, true]) {
  const when = isLost ? "after the loss of the catalog" : "with the catalog";
  test(`every flipped bit of a backup's files is found, ${when}`, async () => {
    const scene = decodingOnce(await openMemoryScene({ isReal: true }));
    const [id] = await backUp(scene);
    const store = storeOf(scene);
    const missed: string[] = [];
    let flips = 0;
    for (const name of namesOf(store, id)) {
      const clean = Buffer.from(store.files.get(name)?.bytes ?? "");
      for (let at = 0; at < clean.length; at += 1) {
        const mask = 1 << (at % 8);
        const mend = rot(store, name, { at, mask });
        if (isLost) await loseCatalog(scene);
        const [report] = await verifyAll(scene, "read");
        const isHarmless = name.endsWith(".sha256") && saysTheSame(clean, store.files.get(name)?.bytes);
        if (report?.exit !== (isHarmless ? 0 : 4)) missed.push(`${name} byte ${at} bit ${mask}`);
        flips += isHarmless ? 0 : 1;
        mend();
        for (const receipt of namesOf(store, ".check-")) store.files.delete(receipt);
      }
    }
    assert.deepEqual(missed, []);
    assert.ok(flips > 1000, `${flips}`);
    if (isLost) await loseCatalog(scene);
    assert.equal((await verifyOne(scene, "read")).outcome, "ok");
  });
}

/** Zips are decoded only after their hash was found equal, so that each further time would find the same. */
function decodingOnce(scene: MemoryScene): MemoryScene {
  const { capsules } = scene.context;
  let found: ReturnType<typeof capsules.check> | null = null;
  const check: typeof capsules.check = (path, options) => {
    found ??= capsules.check(path, options);
    return found;
  };
  return { ...scene, context: { ...scene.context, capsules: { ...capsules, check } } };
}

/** A .sha256 that says the same in other letters: "A" for "a" in a hash. */
function saysTheSame(clean: Buffer, rotten: Buffer | undefined): boolean {
  const [first, second] = [clean, rotten].map((bytes) => bytes?.toString("utf8").split("\n"));
  return JSON.stringify(first?.map(parseChecksumLine)) === JSON.stringify(second?.map(parseChecksumLine));
}
