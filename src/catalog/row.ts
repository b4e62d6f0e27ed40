import type { Failure } from "../domain/failure.ts";
import { type Instant, instant } from "../domain/instant.ts";
import { damagedCatalog } from "./catalog-failure.ts";

/** What the rows of one statement have in common. Rows come as arrays: half the time of objects for long lists. */
export interface RowShape {
  readonly path: string;
  readonly positions: ReadonlyMap<string, number>;
}

/**
 * One row, read with suspicion: each method throws "catalog.damaged" when the column holds something else
 * than its name says. Rows are disk content, which rots like any other.
 */
export class Row {
  readonly #values: readonly unknown[];
  readonly #shape: RowShape;

  constructor(values: readonly unknown[], shape: RowShape) {
    this.#values = values;
    this.#shape = shape;
  }

  text(column: string): string {
    const value = this.#value(column);
    if (typeof value !== "string") throw this.#unfit(column);
    return value;
  }

  textOrNull(column: string): string | null {
    return this.#isNull(column) ? null : this.text(column);
  }

  number(column: string): number {
    const value = this.#value(column);
    if (typeof value !== "number" || !Number.isFinite(value)) throw this.#unfit(column);
    return value;
  }

  /** A whole number from 0 that a double holds exactly. */
  count(column: string): number {
    const value = this.number(column);
    if (!Number.isSafeInteger(value) || value < 0) throw this.#unfit(column);
    return value;
  }

  countOrNull(column: string): number | null {
    return this.#isNull(column) ? null : this.count(column);
  }

  flag(column: string): boolean {
    const value = this.number(column);
    if (value !== 0 && value !== 1) throw this.#unfit(column);
    return value === 1;
  }

  instant(column: string): Instant {
    try {
      return instant(this.number(column));
    } catch (error) {
      throw error instanceof RangeError ? this.#unfit(column) : error;
    }
  }

  instantOrNull(column: string): Instant | null {
    return this.#isNull(column) ? null : this.instant(column);
  }

  oneOf<T extends string>(column: string, allowed: readonly T[]): T {
    const value = this.#value(column);
    for (const word of allowed) if (word === value) return word;
    throw this.#unfit(column);
  }

  oneOfOrNull<T extends string>(column: string, allowed: readonly T[]): T | null {
    return this.#isNull(column) ? null : this.oneOf(column, allowed);
  }

  /** JSON text, for the reader of its type to judge; `read` answers null for what it cannot take. */
  json<T>(column: string, read: (value: unknown) => T | null): T {
    const found = read(this.#parsed(column));
    if (found === null) throw this.#unfit(column);
    return found;
  }

  jsonOrNull<T>(column: string, read: (value: unknown) => T | null): T | null {
    return this.#isNull(column) ? null : this.json(column, read);
  }

  #parsed(column: string): unknown {
    try {
      return JSON.parse(this.text(column));
    } catch (error) {
      throw error instanceof SyntaxError ? this.#unfit(column) : error;
    }
  }

  #value(column: string): unknown {
    return this.#values[this.#shape.positions.get(column) ?? -1];
  }

  #isNull(column: string): boolean {
    return this.#value(column) === null;
  }

  #unfit(column: string): Failure {
    return damagedCatalog(this.#shape.path, `column "${column}" holds ${show(this.#value(column))}`);
  }
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return typeof value === "string" ? `"${value.slice(0, 40)}"` : String(value);
}
