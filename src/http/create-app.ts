import { type Context, Hono } from "hono";
import { Failure } from "../domain/failure.ts";
import { createAccess } from "./access.ts";
import { describeApi } from "./describe-api.ts";
import { answerOf } from "./failure-answer.ts";
import type { HttpParts } from "./http.ts";
import { perform } from "./perform.ts";
import { readBody } from "./read-body.ts";
import { type Answer, json, type Route, route } from "./route.ts";
import { createRouteParts, type RouteParts } from "./route-parts.ts";
import { backupRoutes } from "./routes/backups.ts";
import { changeRoutes } from "./routes/changes.ts";
import { healthRoutes } from "./routes/health.ts";
import { overviewRoutes } from "./routes/overview.ts";
import { runRoutes } from "./routes/runs.ts";
import { z } from "./schema.ts";

/** What the server tells of a connection. */
export interface Peer {
  readonly address: string;
  /** Cuts the connection. */
  readonly drop: () => void;
}

/** The whole of HTTP as a function from a request to a response. */
export interface App {
  fetch(request: Request, peer: Peer): Promise<Response>;
  /** Ends long answers and background work, so that the server can close; settles when its end is put down. */
  close(): Promise<void>;
}

/** On every answer. Nothing here is a page; no other site may frame or read it. */
const headers: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

type Bindings = { readonly Bindings: Peer };

/** Answers requests and listens to nothing: a function, for the server and for tests. */
export function createApp(given: HttpParts): App {
  const parts = createRouteParts(given);
  const access = createAccess(parts);
  const hono = new Hono<Bindings>();
  const routes = allRoutes(parts);
  const everyRoute = [...routes, documentRoute(() => describeApi(routes, parts.version))];
  for (const [path, ofPath] of Map.groupBy(everyRoute, (one) => one.path)) {
    const pattern = path.replaceAll(/\{(\w+)\}/g, ":$1");
    for (const one of ofPath) {
      hono.on(one.method.toUpperCase(), pattern, async (context) => {
        const { address, drop } = context.env;
        const admitted = await access.admit(context.req.raw, one, address);
        const wish = {
          params: context.req.param(),
          query: queryOf(context),
          body: one.change === null ? {} : await readBody(context.req.raw),
          caller: { ...admitted, address, drop },
        };
        return respond(await perform(one, wish, parts), context, parts);
      });
    }
    hono.all(pattern, (context) => respond(refuseMethod(ofPath, parts), context, parts));
  }
  hono.notFound((context) => respond(answerOf(notFound(), parts.log), context, parts));
  hono.onError((thrown, context) => respond(answerOf(thrown, parts.log), context, parts));
  return {
    fetch: async (request, peer) => hono.fetch(request, peer),
    close() {
      parts.streams.endAll();
      parts.background.stop(stopped());
      return parts.unfinished.settled();
    },
  };
}

/** Every route but the document that describes them. */
export function allRoutes(parts: RouteParts): readonly Route[] {
  const groups = [healthRoutes, overviewRoutes, backupRoutes, runRoutes, changeRoutes];
  return groups.flatMap((group) => group(parts));
}

/** Made when it is first asked for: it takes longer than all other answers together. */
function documentRoute(describe: () => object): Route {
  let document: object | null = null;
  return route({
    method: "get",
    path: "/api/v1/openapi.json",
    summary: "This API, as OpenAPI 3.1",
    access: "read",
    answers: { 200: { description: "The document", schema: z.looseObject({}) } },
    async answer() {
      document ??= describe();
      return json(document);
    },
  });
}

/** A parameter that is given twice could mean two things to two readers. */
function queryOf(context: Context<Bindings>): Readonly<Record<string, string>> {
  const all = Object.entries(context.req.queries());
  const twice = all.find(([, values]) => values.length > 1);
  if (twice === undefined) return Object.fromEntries(all.map(([name, [value = ""]]) => [name, value]));
  throw new Failure("usage.invalid-value", "Cannot understand the request: a parameter is given twice", {
    hint: "Give each parameter once.",
  });
}

function respond(
  answer: Answer,
  { req }: Pick<Context<Bindings>, "req">,
  { hide }: Pick<RouteParts, "hide">,
): Response {
  switch (answer.kind) {
    case "json": {
      const text = hide(JSON.stringify(answer.body));
      return new Response(text, {
        status: answer.status,
        headers: { ...headers, "Content-Type": "application/json", ...answer.headers },
      });
    }
    case "text":
      return new Response(answer.text, {
        status: answer.status,
        headers: { ...headers, "Content-Type": answer.type },
      });
    case "stream": {
      const isHead = req.method === "HEAD";
      if (isHead) void answer.stream.cancel();
      return new Response(isHead ? null : answer.stream, {
        headers: { ...headers, "Content-Type": answer.type },
      });
    }
    default:
      return answer satisfies never;
  }
}

function refuseMethod(routes: readonly Route[], { log }: RouteParts): Answer {
  const allowed = routes.map(({ method }) => method.toUpperCase()).join(", ");
  const failure = new Failure("http.method", "Cannot answer: this path does not take that method", {
    hint: `Use ${allowed}.`,
    context: { allowed },
  });
  return answerOf(failure, log);
}

function notFound(): Failure {
  return new Failure("http.not-found", "Cannot answer: there is nothing under this path", {
    hint: "See /api/v1/openapi.json for what there is.",
  });
}

function stopped(): Failure {
  return new Failure("run.interrupted", "Cannot finish: the server is ending", {
    hint: "Ask again when it is back.",
  });
}
