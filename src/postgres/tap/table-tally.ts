import { createHash, type Hash } from "node:crypto";
import type { TableFingerprint } from "../../domain/backups/fingerprint.ts";
import type { CopyTarget } from "./dump-session.ts";
import { countNewlines } from "./newlines.ts";
import { RowDigest } from "./row-digest.ts";

interface OpenBlock {
  readonly target: CopyTarget;
  readonly hash: Hash;
  readonly rowDigest: RowDigest | null;
  rows: number;
  bytes: number;
}

interface Block {
  readonly target: CopyTarget;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly rowDigest: RowDigest | null;
}

/** Adds up COPY blocks; those with one target become one table. */
export class TableTally {
  readonly #tables = new Map<string, Block[]>();
  #open: OpenBlock | null = null;

  /** `isViaRoot`: pg_dump said that this partition's rows are loaded through its root. */
  open(target: CopyTarget, isViaRoot: boolean): void {
    const rowDigest = isViaRoot ? new RowDigest(target.columns) : null;
    this.#open = { target, hash: createHash("sha256"), rowDigest, rows: 0, bytes: 0 };
  }

  add(data: Buffer): void {
    if (this.#open === null) return;
    this.#open.hash.update(data);
    this.#open.rowDigest?.add(data);
    this.#open.rows += countNewlines(data);
    this.#open.bytes += data.length;
  }

  close(): void {
    if (this.#open === null) return;
    const { target, hash, rowDigest, rows, bytes } = this.#open;
    this.#open = null;
    const key = JSON.stringify([target.schema, target.name]);
    const blocks = this.#tables.get(key) ?? [];
    blocks.push({ target, rows, bytes, sha256: hash.digest("hex"), rowDigest });
    this.#tables.set(key, blocks);
  }

  /** Closes what is still open. Sorted by schema, then name. */
  finish(): readonly TableFingerprint[] {
    this.close();
    return [...this.#tables.values()].flatMap(addUp).toSorted(bySchemaAndName);
  }
}

function addUp(blocks: readonly Block[]): readonly TableFingerprint[] {
  const [first, ...others] = blocks.toSorted((a, b) => compare(orderKey(a), orderKey(b)));
  if (first === undefined) return [];
  const { schema, name, columns } = first.target;
  const table = { schema, name, columns, blocks: blocks.length };
  if (others.length === 0) return [{ ...table, rows: first.rows, bytes: first.bytes, sha256: first.sha256 }];
  return [
    {
      ...table,
      rows: blocks.reduce((sum, block) => sum + block.rows, 0),
      bytes: blocks.reduce((sum, block) => sum + block.bytes, 0),
      sha256: orderFree(blocks),
    },
  ];
}

/** pg_dump before 15.3 does not say which blocks go through a root; then the blocks must come back as they are. */
function orderFree(blocks: readonly Block[]): string {
  const digests = blocks.flatMap(({ rowDigest }) => rowDigest ?? []);
  if (digests.length < blocks.length) {
    const hashes = blocks.map((block) => block.sha256).toSorted(compare);
    return createHash("sha256").update(hashes.join("\n")).digest("hex");
  }
  const sum = new RowDigest([]);
  for (const digest of digests) sum.merge(digest);
  return sum.hex();
}

/** Partitions attached with other column orders have lists of their own: which one is shown must not vary. */
function orderKey(block: Block): string {
  return JSON.stringify([block.target.columns, block.sha256]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The order of tables and sequences in a fingerprint: by code unit. */
export function bySchemaAndName(
  a: { readonly schema: string; readonly name: string },
  b: { readonly schema: string; readonly name: string },
): number {
  return compare(a.schema, b.schema) || compare(a.name, b.name);
}
