import type { z } from "zod";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * JSON with sorted keys, two blanks of indentation and a final newline: equal values give equal bytes,
 * so that a hash over them means something. Keys with undefined values are left out.
 */
export function formatStableJson(value: unknown): string {
  return `${JSON.stringify(sorted(value), null, 2)}\n`;
}

/** What a text holds; null when it is no JSON: the caller knows what was expected, and says so. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The same, of one shape; null when it is no JSON or has another shape, such as that of a later version. */
export function parseJsonAs<Value>(schema: z.ZodType<Value>, text: string): Value | null {
  return schema.safeParse(parseJson(text)).data ?? null;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
