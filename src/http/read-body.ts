import { Failure } from "../domain/failure.ts";

const limitBytes = 64 * 1024;

/** A JSON object; an empty body is an empty one. Never takes more than 64 kB. */
export async function readBody(request: Request): Promise<unknown> {
  const announced = Number(request.headers.get("content-length") ?? "0");
  if (announced > limitBytes) throw tooLarge();
  const bytes = await readLimited(request.body);
  if (bytes.length === 0) return {};
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new Failure(
      "http.media-type",
      "Cannot understand the request: its body is not JSON by its content type",
      {
        hint: "Send it as application/json.",
      },
    );
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return value;
  } catch {
    throw new Failure("usage.invalid-value", "Cannot understand the request: its body is not JSON", {
      hint: "See /api/v1/openapi.json for what is allowed.",
    });
  }
}

async function readLimited(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let total = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new Failure("usage.invalid-value", "Cannot understand the request: its body was cut off", {
        hint: "Send it again.",
      });
    });
    if (done) return Buffer.concat(chunks);
    total += value.length;
    if (total > limitBytes) {
      await reader.cancel().catch(() => undefined); // the refusal is what matters
      throw tooLarge();
    }
    chunks.push(value);
  }
}

function tooLarge(): Failure {
  return new Failure(
    "http.too-large",
    `Cannot take the request: its body is larger than ${limitBytes / 1024} kB`,
    {
      hint: "Send less.",
    },
  );
}
