import { z } from "zod";
import { plainText } from "./scalar.ts";
import { secret } from "./secret.ts";

export type TelemetryWritten = z.output<typeof telemetry>;

const url = plainText.refine((text) => /^https?:\/\/[^\s/?#@]+(\/[^\s?#@]*)?$/.test(text), {
  error: () => "an address such as http://127.0.0.1:4318, without name, password and query",
});

/** `telemetry`: traces of runs. */
export const telemetry = z.strictObject({
  otlp: z
    .strictObject({
      url: url.describe("Base address of an OpenTelemetry collector that takes OTLP over HTTP"),
      headers: z
        .record(z.string().regex(/^[A-Za-z0-9-]+$/, { error: () => "a header's name" }), secret)
        .default({})
        .describe("Headers of each request; values as for any secret"),
    })
    .describe("Sends one trace for each run, after it has ended; never delays or fails it"),
});
