import type { Linked, SignatureState } from "./chain-link.ts";

/** A manifest at a destination, and what its signature is worth. */
export interface ChainLink extends Linked {
  readonly signature: SignatureState;
}

/** What else is known of one job and database than what lies at the destination that is looked at. */
export interface ChainWitnesses {
  /** Manifests under the name of another backup. */
  readonly misnamed: readonly { readonly base: string; readonly id: string; readonly sha256: string }[];
  /** Of the catalog; `isExpected`: a copy of it should lie here. */
  readonly known: readonly { readonly id: string; readonly sha256: string; readonly isExpected: boolean }[];
  readonly elsewhere: readonly (ChainLink & { readonly destination: string })[];
  /** Removed by policy, or accepted as gone, since the newest manifest was written. */
  readonly pruned: readonly string[];
  /** What the catalog remembers that manifests said, each from its birth. */
  readonly remembered: readonly Linked[];
}

/**
 * edited: its bytes are not those that were signed or recorded. replaced: well signed, but another one stood there.
 * reordered: it lies under another backup's name. missing: gone, and nobody says that policy removed it. unsigned: not
 * signed, though backups before it are. foreign: signed by a key that does not count. duplicate: follows what another
 * one follows already.
 */
export type FindingKind =
  | "edited"
  | "replaced"
  | "reordered"
  | "missing"
  | "unsigned"
  | "foreign"
  | "duplicate";

export interface ChainFinding {
  readonly kind: FindingKind;
  /** Its id. */
  readonly backup: string;
  /** For people, after "NAME: ". */
  readonly message: string;
}

/** What is wrong with the chain of one job and database at one destination; what policy removed is not. */
export function judgeChain(links: readonly ChainLink[], witnesses: ChainWitnesses): readonly ChainFinding[] {
  const chain = { links, ...witnesses };
  const ownFaults = links.flatMap((link) => judgeLink(link, chain));
  const reordered = witnesses.misnamed.map(({ base, id }) =>
    finding("reordered", base, `under its name lies the manifest of "${id}"`),
  );
  const blamed = new Set([...ownFaults, ...reordered].map(({ backup }) => backup));
  const expected = goneFrom(chain).filter(({ backup }) => !blamed.has(backup));
  const noted = goneAsNoted(chain).filter(({ backup }) => !expected.some((one) => one.backup === backup));
  const gone = [...expected, ...noted];
  const all = new Set([...blamed, ...gone.map(({ backup }) => backup)]);
  const followed = links
    .filter((link) => !link.adopted && isBelieved(link))
    .flatMap((link) => judgeStep(link, chain))
    .filter(({ backup }) => !all.has(backup));
  const unique = new Map(followed.map((one) => [one.backup, one]));
  return [...ownFaults, ...reordered, ...gone, ...unique.values(), ...duplicatesIn(links)];
}

interface Chain extends ChainWitnesses {
  readonly links: readonly ChainLink[];
}

function judgeLink(link: ChainLink, chain: Chain): readonly ChainFinding[] {
  const { signature, id } = link;
  switch (signature.kind) {
    case "bad":
      return [finding("edited", id, `its manifest is not the one that key ${signature.keyId} signed`)];
    case "malformed":
      return [finding("edited", id, "its signature is no signature any more")];
    case "foreign":
      return [finding("foreign", id, `it is signed by key ${signature.keyId}, which is not trusted here`)];
    case "missing":
      return judgeUnsigned(link, chain);
    case "good":
      return judgeBytes(link, chain, "replaced");
    default:
      return signature satisfies never;
  }
}

function judgeUnsigned(link: ChainLink, chain: Chain): readonly ChainFinding[] {
  const { id, sha256 } = link;
  const twin = chain.elsewhere.find((one) => one.sha256 === sha256 && one.signature.kind === "good");
  if (twin !== undefined)
    return [finding("unsigned", id, `it is not signed, though its copy at "${twin.destination}" is`)];
  if (hasSignedBefore(link, chain))
    return [finding("unsigned", id, "it is not signed, though backups before it are")];
  return judgeBytes(link, chain, "edited");
}

function hasSignedBefore({ startedAt }: ChainLink, { links, elsewhere }: Chain): boolean {
  return [...links, ...elsewhere].some(
    (other) => other.signature.kind === "good" && other.startedAt < startedAt,
  );
}

/** The catalog remembers each manifest from its birth; where it does not, the other copies are asked. */
function judgeBytes(
  { id, sha256 }: ChainLink,
  { known, elsewhere }: Chain,
  kind: "edited" | "replaced",
): readonly ChainFinding[] {
  const remembered = known.find((one) => one.id === id);
  if (remembered !== undefined)
    return remembered.sha256 === sha256
      ? []
      : [finding(kind, id, "its manifest is not the one that the catalog saw when it was made")];
  const other = elsewhere.find((one) => one.id === id && one.sha256 !== sha256);
  return other === undefined
    ? []
    : [finding(kind, id, `its manifest is not the one that lies at "${other.destination}"`)];
}

/** The catalog says that a copy should be here, and none is. */
function goneFrom({ links, known }: Chain): readonly ChainFinding[] {
  const here = new Set(links.map(({ id }) => id));
  const message = "it is gone: the catalog has a copy of it here, and policy did not remove it";
  return known
    .filter(({ id, isExpected }) => isExpected && !here.has(id))
    .map(({ id }) => finding("missing", id, message));
}

/** What a manifest says of others counts only where nobody is known to have changed it. */
function isBelieved({ signature }: ChainLink): boolean {
  return signature.kind === "good" || signature.kind === "missing";
}

/** A run has noted that it was gone when the catalog was made anew; that is told until somebody accepts it. */
function goneAsNoted(chain: Chain): readonly ChainFinding[] {
  const { links, elsewhere, known } = chain;
  const there = new Set([...links, ...elsewhere, ...known].map(({ id }) => id));
  const found = new Map<string, ChainFinding>();
  for (const link of links.filter(isBelieved))
    for (const id of link.unaccounted.filter((one) => !there.has(one))) {
      const message = `it is gone: "${link.id}" notes that nobody could say who removed it`;
      if (!isAccountedFor(id, link, chain)) found.set(id, finding("missing", id, message));
    }
  return [...found.values()];
}

/** From a manifest to the one that it follows. */
function judgeStep(link: ChainLink, chain: Chain): readonly ChainFinding[] {
  const { previous } = link;
  if (previous === null || isThere(previous, chain)) return [];
  const id = link.previousId ?? idOf(previous, chain);
  if (id === null) return []; // made before manifests told the name: what it followed cannot be named or judged
  if (chain.links.some((one) => one.id === id))
    return [finding("replaced", id, `"${link.id}" follows another manifest of this name`)];
  if (isAccountedFor(id, link, chain)) return [];
  return [
    finding(
      "missing",
      id,
      `it is gone: "${link.id}" follows it, and no manifest says that policy removed it`,
    ),
  ];
}

function isThere(sha256: string, { links, misnamed }: Chain): boolean {
  return [...links, ...misnamed].some((one) => one.sha256 === sha256);
}

function idOf(sha256: string, { known, elsewhere }: Chain): string | null {
  return [...known, ...elsewhere].find((one) => one.sha256 === sha256)?.id ?? null;
}

/** Removed by policy, accepted as gone, or a copy that never came here or was removed only here. */
function isAccountedFor(id: string, follower: ChainLink, chain: Chain): boolean {
  const { links, elsewhere, pruned, known, remembered } = chain;
  // What an unsigned manifest says of others counts for nothing where there are signed ones.
  const isHeard = (link: ChainLink) =>
    isBelieved(link) && (follower.signature.kind !== "good" || link.signature.kind === "good");
  const doubted = links.filter((link) => !isBelieved(link));
  const original = remembered.filter((link) => doubted.some((one) => one.id === link.id));
  const told = [...[...links, ...elsewhere].filter(isHeard), ...original];
  return (
    pruned.includes(id) ||
    told.some((link) => link.pruned.includes(id)) ||
    known.some((one) => one.id === id && !one.isExpected) ||
    elsewhere.some((one) => one.id === id) ||
    // One that was changed may have told it, and nobody remembers: that one is named, not what it could excuse.
    doubted.some((link) => !told.some((one) => one.id === link.id))
  );
}

/** Two runs never follow the same manifest: one of the two was not made by the chain of runs. */
function duplicatesIn(links: readonly ChainLink[]): readonly ChainFinding[] {
  const made = links.filter((link) => link.previous !== null && !link.adopted && isBelieved(link));
  const ordered = made.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  return [...Map.groupBy(ordered, ({ previous }) => previous).values()].flatMap(([first, ...others]) =>
    others.map(({ id, previousId }) =>
      finding("duplicate", id, `it follows "${previousId ?? "one"}", as "${first?.id}" does already`),
    ),
  );
}

function finding(kind: FindingKind, backup: string, message: string): ChainFinding {
  return { kind, backup, message };
}
