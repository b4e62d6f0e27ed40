import { basename } from "node:path";
import type { ExecSettings } from "../../domain/alerts/alert-settings.ts";
import type { Channel } from "../alert.ts";
import { runMailer } from "../run-mailer.ts";
import { shownMessage } from "../shown-message.ts";
import { type DeliveryDeps, withLimit } from "../time-limit.ts";
import { formatWebhook } from "./webhook.ts";

/** Any program, with the webhook's JSON on its stdin. Exit status 0: delivered; 75: try later; others: refused. */
export function createExecChannel({ name, argv }: ExecSettings, deps: DeliveryDeps): Channel {
  const target = { name, place: `"${basename(argv[0] ?? "")}"`, secrets: [] };
  return {
    name,
    kind: "exec",
    async deliver(message, signal) {
      const input = `${formatWebhook(shownMessage(message))}\n`;
      const mailer = { argv, env: deps.childEnv, input, target, temporary: [] };
      await withLimit({ target: name, signal, deps }, (either) => runMailer(mailer, either));
    },
    close() {
      // Nothing outlives an attempt.
    },
  };
}
