import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ChainLink, type ChainWitnesses, judgeChain } from "./chain.ts";
import { nextPlace, toldOn } from "./chain-link.ts";

const nobody: ChainWitnesses = { misnamed: [], known: [], elsewhere: [], pruned: [], remembered: [] };
const good = { kind: "good", keyId: "A" } as const;

/** One night after another: each manifest says what the code says that it should. */
function liveThrough(
  nights: readonly { readonly prune: readonly number[] }[],
  { losesStateAt = -1 } = {},
): { readonly links: readonly ChainLink[]; readonly pruned: readonly string[] } {
  let links: readonly ChainLink[] = [];
  let pruned: readonly string[] = [];
  for (const [index, { prune }] of nights.entries()) {
    if (index === losesStateAt) pruned = [];
    const id = `n${String(index).padStart(3, "0")}`;
    const place = nextPlace(links, pruned);
    links = [...links, { id, sha256: `sha-${id}`, ...place, startedAt: id, adopted: false, signature: good }];
    pruned = [];
    for (const at of prune) {
      const candidates = links.slice(0, -1); // never the newest
      const gone = candidates[at % Math.max(1, candidates.length)];
      if (gone === undefined) continue;
      const before = links;
      links = links.filter((link) => link !== gone);
      pruned = [...pruned, ...toldOn(gone, before), gone.id];
    }
  }
  return { links, pruned };
}

const night = fc.record({ prune: fc.array(fc.nat(20), { maxLength: 3 }) });
const lives = fc.array(night, { minLength: 2, maxLength: 40 });

test("whatever policy removes, in whatever order, is accounted for, for ever", () => {
  fc.assert(
    fc.property(lives, (nights) => {
      const { links, pruned } = liveThrough(nights);
      assert.deepEqual(judgeChain(links, { ...nobody, pruned }), []);
    }),
    { numRuns: 400 },
  );
});

test("whichever one is removed by hand is named, as long as somebody follows it", () => {
  fc.assert(
    fc.property(lives, fc.nat(), (nights, at) => {
      const { links, pruned } = liveThrough(nights);
      const followed = links.filter((one) => links.some((other) => other.previous === one.sha256));
      const gone = followed[at % Math.max(1, followed.length)];
      fc.pre(gone !== undefined);
      const left = links.filter((link) => link !== gone);
      const found = judgeChain(left, { ...nobody, pruned });
      assert.ok(found.some(({ kind, backup }) => kind === "missing" && backup === gone.id));
      // What only the one that is gone could excuse is in doubt with it; nothing else is.
      const doubtful = new Set([gone.id, ...gone.pruned, ...gone.unaccounted]);
      assert.deepEqual(
        found.filter(({ backup }) => !doubtful.has(backup)),
        [],
      );
    }),
    { numRuns: 400 },
  );
});

test("what went untold because the state was lost is told as long as a manifest speaks of it, until it is accepted", () => {
  fc.assert(
    fc.property(lives, fc.nat(), (nights, at) => {
      const losesStateAt = 1 + (at % (nights.length - 1));
      const { links, pruned } = liveThrough(nights, { losesStateAt });
      const found = judgeChain(links, { ...nobody, pruned });
      const noted = new Set(links.flatMap(({ unaccounted }) => unaccounted));
      const told = new Set(links.flatMap((link) => link.pruned));
      for (const id of [...noted].filter((one) => !told.has(one) && !pruned.includes(one)))
        assert.ok(found.some(({ kind, backup }) => kind === "missing" && backup === id));
      const there = new Set(links.map(({ id }) => id));
      for (const { kind, backup } of found) assert.deepEqual([kind, there.has(backup)], ["missing", false]);
      const accepted = [...pruned, ...found.map(({ backup }) => backup)];
      assert.deepEqual(judgeChain(links, { ...nobody, pruned: accepted }), []);
    }),
    // The one that noted it is removed itself.
    { examples: [[[[], [0], [], [1]].map((prune) => ({ prune })), 1]] },
  );
});

function chainOf(count: number): readonly ChainLink[] {
  return liveThrough(Array.from({ length: count }, () => ({ prune: [] }))).links;
}

function kindsOf(links: readonly ChainLink[], witnesses: Partial<ChainWitnesses> = {}) {
  return judgeChain(links, { ...nobody, ...witnesses }).map(({ kind, backup }) => `${kind} ${backup}`);
}

test("the newest, which nobody follows, is missed by the catalog", () => {
  const links = chainOf(3);
  const known = links.map((link) => ({ ...link, isExpected: true }));
  assert.deepEqual(kindsOf(links.slice(0, 2), { known }), ["missing n002"]);
  assert.deepEqual(kindsOf([], { known }), ["missing n000", "missing n001", "missing n002"]);
});

test("a manifest that was changed, with or without its signature, is named by what follows it", () => {
  const links = chainOf(3);
  const changed = (signature: ChainLink["signature"]) =>
    links.map((link) => (link.id === "n001" ? { ...link, sha256: "other", signature } : link));
  assert.deepEqual(kindsOf(changed({ kind: "bad", keyId: "A" })), ["edited n001"]);
  assert.deepEqual(kindsOf(changed({ kind: "malformed" })), ["edited n001"]);
  assert.deepEqual(kindsOf(changed({ kind: "missing" })), ["unsigned n001"]);
  assert.deepEqual(kindsOf(changed({ kind: "foreign", keyId: "B" })), ["foreign n001"]);
  assert.deepEqual(kindsOf(changed(good)), ["replaced n001"]);
});

test("the newest one replaced by another that is well signed is known by the catalog, or by another copy", () => {
  const links = chainOf(3);
  const changed = links.map((link) => (link.id === "n002" ? { ...link, sha256: "other" } : link));
  assert.deepEqual(kindsOf(changed), [], "by itself it cannot be known");
  const known = links.map((link) => ({ ...link, isExpected: true }));
  assert.deepEqual(kindsOf(changed, { known }), ["replaced n002"]);
  const elsewhere = links.map((link) => ({ ...link, destination: "offsite" }));
  assert.deepEqual(kindsOf(changed, { elsewhere }), ["replaced n002"]);
});

test("manifests that changed their names are both named, and nothing is called missing", () => {
  const links = chainOf(4);
  const known = links.map((link) => ({ ...link, isExpected: true }));
  const misnamed = [
    { base: "n001", id: "n002", sha256: "sha-n002" },
    { base: "n002", id: "n001", sha256: "sha-n001" },
  ];
  const left = links.filter(({ id }) => id !== "n001" && id !== "n002");
  assert.deepEqual(kindsOf(left, { known, misnamed }), ["reordered n001", "reordered n002"]);
});

test("a copy that never came here, or that only this destination removed, is not missing here", () => {
  const links = chainOf(3);
  const here = links.filter(({ id }) => id !== "n001");
  assert.deepEqual(kindsOf(here), ["missing n001"]);
  assert.deepEqual(kindsOf(here, { elsewhere: links.map((link) => ({ ...link, destination: "b" })) }), []);
  const known = links.map((link) => ({ ...link, isExpected: link.id !== "n001" }));
  assert.deepEqual(kindsOf(here, { known }), []);
});

test("an unsigned manifest cannot excuse the removal of what a signed one follows", () => {
  const links = chainOf(3);
  const forged: ChainLink = {
    ...{ id: "x", sha256: "x", previous: null, previousId: null, unaccounted: [], adopted: true },
    ...{ pruned: ["n001"], startedAt: "a", signature: { kind: "missing" } },
  };
  assert.deepEqual(kindsOf([...links.filter(({ id }) => id !== "n001"), forged]), ["missing n001"]);
});

test("backups from before there was a key, and adopted ones, are no finding", () => {
  const unsigned = { kind: "missing" } as const;
  const links = chainOf(4).map((link, index) => (index < 2 ? { ...link, signature: unsigned } : link));
  const adopted: ChainLink = {
    ...{ id: "old", sha256: "old", previous: null, previousId: null, pruned: [], unaccounted: [] },
    ...{ startedAt: "a", adopted: true, signature: unsigned },
  };
  assert.deepEqual(kindsOf([adopted, ...links]), []);
  assert.equal(nextPlace([...links, { ...adopted, startedAt: "z" }], []).previousId, "n003");
});

test("a signature that another copy still has was taken away, also from the first backup", () => {
  const [first] = chainOf(1);
  assert.ok(first);
  const bare: ChainLink = { ...first, signature: { kind: "missing" } };
  const elsewhere = [{ ...first, destination: "two" }];
  assert.deepEqual(kindsOf([bare], { elsewhere }), ["unsigned n000"]);
  assert.deepEqual(kindsOf([bare], { elsewhere: [{ ...bare, destination: "two" }] }), []);
});

test("two that follow the same one are told: one of them came from elsewhere", () => {
  const links = chainOf(3);
  const [, , last] = links;
  assert.ok(last);
  assert.deepEqual(kindsOf([...links, { ...last, id: "n009", sha256: "s9", startedAt: "n009" }]), [
    "duplicate n009",
  ]);
});

test("a clock that jumped ahead for a night does not part the chain", () => {
  const future = { ...chainOf(1)[0], startedAt: "z" } as ChainLink; // a chain of one has a first
  const first = nextPlace([future], []);
  const back: ChainLink = { ...future, ...first, id: "b", sha256: "b", startedAt: "b" };
  assert.equal(nextPlace([future, back], []).previousId, "b");
});

test("a manifest of a version that told no name of what it follows cannot be judged by it", () => {
  const links = chainOf(3).map((link) => ({ ...link, previousId: null }));
  assert.deepEqual(kindsOf(links.slice(1)), []);
});

test("what an edited manifest says of others accuses none of them: only it is named", () => {
  const { links } = liveThrough([{ prune: [] }, { prune: [0] }, { prune: [] }, { prune: [] }]);
  const edit = (change: Partial<ChainLink>) =>
    links.map((link) =>
      link.id === "n002"
        ? { ...link, sha256: "x", signature: { kind: "bad", keyId: "A" } as const, ...change }
        : link,
    );
  assert.deepEqual(kindsOf(links), [], "n002 tells that policy removed n000, which n001 follows");
  assert.deepEqual(kindsOf(edit({ pruned: [] })), ["edited n002"]);
  assert.deepEqual(kindsOf(edit({ previous: "nothing", previousId: "n00x" })), ["edited n002"]);
  assert.deepEqual(kindsOf(edit({ unaccounted: ["n00y"] })), ["edited n002"]);
  assert.deepEqual(kindsOf(edit({ previous: links[2]?.sha256 ?? null })), ["edited n002"]);
});

test("an edited manifest cannot excuse a removal where somebody remembers what it said", () => {
  const links = chainOf(4);
  const left = links
    .filter(({ id }) => id !== "n001")
    .map((link) =>
      link.id === "n003"
        ? { ...link, sha256: "x", pruned: ["n001"], signature: { kind: "bad", keyId: "A" } as const }
        : link,
    );
  assert.deepEqual(kindsOf(left, { remembered: links }), ["edited n003", "missing n001"]);
  const elsewhere = links.slice(3).map((link) => ({ ...link, destination: "two" }));
  assert.deepEqual(kindsOf(left, { elsewhere }), ["edited n003", "missing n001"]);
  assert.deepEqual(kindsOf(left), ["edited n003"], "nobody knows what it once said of n001");
});
