import { z } from "zod";
import type { Scope } from "../domain/access/access-token.ts";
import { Failure } from "../domain/failure.ts";

/** Who asks. */
export interface Caller {
  /** Name of the token; "local" for a look without one. */
  readonly who: string;
  readonly address: string;
  /** Cuts the connection. */
  readonly drop: () => void;
  /** Whether the token still opens this route. */
  readonly isStillWelcome: () => Promise<boolean>;
}

/** What is sent back. */
export type Answer =
  | JsonAnswer
  /** Text that is ready, with its content type; secrets are hidden in it already. */
  | { readonly kind: "text"; readonly status: number; readonly text: string; readonly type: string }
  | { readonly kind: "stream"; readonly stream: ReadableStream<Uint8Array>; readonly type: string };

interface JsonAnswer {
  readonly kind: "json";
  readonly status: number;
  readonly body: object;
  readonly headers: Headers;
  /** Of a change that goes on: how it ends, for the audit log. */
  readonly ended?: Promise<string>;
}

type Headers = Readonly<Record<string, string>>;

/** The body becomes one JSON document when it is sent. */
export function json(body: object, status = 200, headers: Headers = {}): JsonAnswer {
  return { kind: "json", status, body, headers };
}

/** What a route is asked, once it is understood. */
export interface Wish<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
}

/** As it came in: nothing of it is trusted. */
export type RawWish = Wish<unknown, unknown, unknown>;

export interface Documented {
  readonly description: string;
  readonly schema: z.ZodType | null;
  /** Default application/json. */
  readonly type?: string;
}

export interface Route {
  readonly method: "get" | "post" | "delete";
  /** "/api/v1/backups/{job}/{id}" */
  readonly path: string;
  readonly summary: string;
  /** Null: open to everybody. "metrics": read, unless the config opens it. */
  readonly access: Scope | "metrics" | null;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodObject;
  readonly answers: Readonly<Record<number, Documented>>;
  /** Of a route that changes something: what the audit log says; null: it only looks. */
  readonly change: ((wish: RawWish) => Change) | null;
  answer(wish: RawWish): Promise<Answer>;
}

export interface Change {
  readonly action: string;
  readonly target: string;
}

interface RouteSpec<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject>
  extends Pick<Route, "method" | "path" | "summary" | "access" | "answers"> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly change?: (wish: Wish<z.output<P>, z.output<Q>, z.output<B>>) => Change;
  readonly answer: (wish: Wish<z.output<P>, z.output<Q>, z.output<B>>) => Promise<Answer>;
}

type Nothing = z.ZodObject<Record<never, never>>;

const nothing: z.ZodObject = z.strictObject({});

/** Joins a route's schemas to its code: it never sees what does not fit them. Unknown parameters are refused. */
export function route<
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
  B extends z.ZodObject = Nothing,
>(spec: RouteSpec<P, Q, B>): Route {
  const { params = nothing, query = nothing, body = nothing, change } = spec;
  const understood = (raw: RawWish): Wish<z.output<P>, z.output<Q>, z.output<B>> => ({
    params: understand(params, raw.params, "path") as z.output<P>, // parsed by that schema
    query: understand(query, raw.query, "query") as z.output<Q>, // parsed by that schema
    body: understand(body, raw.body, "body") as z.output<B>, // parsed by that schema
    caller: raw.caller,
  });
  return {
    ...spec,
    params,
    query,
    body,
    change: change === undefined ? null : (raw) => change(understood(raw)),
    answer: async (raw) => spec.answer(understood(raw)),
  };
}

/** The value itself is not repeated: it may be a secret in the wrong place. */
function understand(schema: z.ZodObject, value: unknown, where: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = [where, ...(issue?.path ?? []).map(String)].join(".");
  const seen =
    issue?.code === "unrecognized_keys" ? "it has an unknown key" : (issue?.message ?? "it does not fit");
  throw new Failure("usage.invalid-value", `Cannot understand the request: ${place}: ${seen}`, {
    hint: "See /api/v1/openapi.json for what is allowed.",
  });
}
