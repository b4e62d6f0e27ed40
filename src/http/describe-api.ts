import { OpenAPIHono } from "@hono/zod-openapi";
import type { Documented, Route } from "./route.ts";
import { errorBody } from "./schema.ts";

const errors: Readonly<Record<number, string>> = {
  400: "It could not be understood",
  401: "No token, or one that is not known",
  403: "The token's scope is not enough, or the request comes from another site's page",
  404: "There is no such thing",
  409: "Busy",
  429: "Too many; see Retry-After",
};

const intro = `The HTTP interface of codex-backup serve. Send \`Authorization: Bearer TOKEN\` with a token of
\`codex-backup token create\`. Times are ISO 8601 in UTC; documents have the keys of the commands' --json.`;

/** OpenAPI 3.1, from the routes that answer. */
export function describeApi(routes: readonly Route[], version: string): object {
  const hono = new OpenAPIHono();
  for (const { method, path, summary, access, params, query, body, answers, change } of routes) {
    hono.openAPIRegistry.registerPath({
      method,
      path,
      summary,
      ...(access !== null && { security: [{ token: [access === "metrics" ? "read" : access] }] }),
      request: {
        ...(Object.keys(params.shape).length > 0 && { params }),
        ...(Object.keys(query.shape).length > 0 && { query }),
        ...(change !== null && { body: { content: { "application/json": { schema: body } } } }),
      },
      responses: { ...describeAnswers(answers), ...describeErrors(access) },
    });
  }
  hono.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  return hono.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "codex-backup", version, description: intro },
  });
}

function describeAnswers(answers: Route["answers"]) {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [status, describeAnswer(answer)]),
  );
}

function describeAnswer({ description, schema, type = "application/json" }: Documented) {
  return { description, ...(schema !== null && { content: { [type]: { schema } } }) };
}

function describeErrors(access: Route["access"]) {
  if (access === null) return {};
  const described = Object.entries(errors).map(([status, description]) => {
    return [status, describeAnswer({ description, schema: errorBody })];
  });
  return Object.fromEntries(described);
}
