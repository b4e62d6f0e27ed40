import { z } from "zod";
import { alertEvents } from "../../domain/alerts/alert-message.ts";
import { type ChannelKindKey, channelKinds } from "./channel.ts";
import { cron, duration, plainText } from "./scalar.ts";

const names = (what: string) =>
  z.union([plainText, z.array(plainText).min(1, { error: () => `at least one ${what}` })]);

const rule = z.strictObject({
  jobs: names("job").optional().describe("Names of jobs; default: all, and what is about no job"),
  events: z
    .union([z.array(z.enum(alertEvents)).min(1, { error: () => "at least one event" }), z.enum(alertEvents)])
    .optional()
    .describe("What is told; default: everything"),
  channels: names("channel").optional().describe("Names of channels; default: all"),
  escalate: z
    .strictObject({
      after: duration.describe("So long without recovery"),
      to: names("channel").describe("Names of the channels that are told then, too"),
    })
    .optional()
    .describe("Who is told when nobody mends it"),
});

const optionalKinds = {
  email: channelKinds.email.optional(),
  webhook: channelKinds.webhook.optional(),
  slack: channelKinds.slack.optional(),
  discord: channelKinds.discord.optional(),
  teams: channelKinds.teams.optional(),
  ntfy: channelKinds.ntfy.optional(),
  telegram: channelKinds.telegram.optional(),
  pagerduty: channelKinds.pagerduty.optional(),
  exec: channelKinds.exec.optional(),
} satisfies Readonly<Record<ChannelKindKey, z.ZodType>>;

const namedChannel = z.strictObject(optionalKinds).superRefine((channel, context) => {
  if (Object.keys(channel).length === 1) return;
  context.addIssue({ code: "custom", message: `exactly one of ${Object.keys(channelKinds).join(", ")}` });
});

/** One channel of each kind may stand here by itself and is then called by its kind. */
export const alerts = z.strictObject({
  ...optionalKinds,
  channels: z
    .record(z.string(), namedChannel)
    .default({})
    .describe("Channels with names of their own, for several of one kind: NAME: { slack: { … } }"),
  rules: z
    .array(rule)
    .default([])
    .describe("Which messages go where; every rule that fits sends. None: every message to every channel"),
  digest: z
    .strictObject({
      schedule: cron.describe("Five cron fields in the file's zone, such as 0 8 * * 1"),
      channels: names("channel").optional().describe("Names of channels; default: all"),
    })
    .optional()
    .describe("A summary, also when all is well; default: none"),
});

export type AlertsKeys = z.output<typeof alerts>;
