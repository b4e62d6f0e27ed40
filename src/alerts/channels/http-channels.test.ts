import assert from "node:assert/strict";
import { test } from "node:test";
import { canary } from "../../../tests/contract/channel-contract.ts";
import { describeHttpChannelContract } from "../../../tests/contract/http-channel-contract.ts";
import type { ChannelSettings } from "../../domain/alerts/alert-settings.ts";
import { Secret } from "../../domain/secret.ts";
import { createChannels } from "../create-channels.ts";

interface Place {
  readonly origin: string;
  readonly caFile: string | null;
}

type HttpKind = Exclude<ChannelSettings["kind"], "email" | "exec">;

/** Each kind that speaks HTTP, with the canary in every secret. */
const kinds: Readonly<Record<HttpKind, (place: Place) => ChannelSettings>> = {
  webhook: ({ origin, caFile }) => ({
    kind: "webhook",
    name: "hook",
    url: new Secret(`${origin}/in/${canary}`),
    signingKey: new Secret(canary),
    headers: [{ name: "Authorization", value: new Secret(`Bearer ${canary}`) }],
    caFile,
  }),
  slack: ({ origin, caFile }) => ({
    kind: "slack",
    name: "slack",
    url: new Secret(`${origin}/services/${canary}`),
    caFile,
  }),
  discord: ({ origin, caFile }) => ({
    kind: "discord",
    name: "discord",
    url: new Secret(`${origin}/api/webhooks/1/${canary}`),
    caFile,
  }),
  teams: ({ origin, caFile }) => ({
    kind: "teams",
    name: "teams",
    url: new Secret(`${origin}/workflows?sig=${canary}`),
    caFile,
  }),
  ntfy: ({ origin, caFile }) => ({
    kind: "ntfy",
    name: "ntfy",
    server: origin,
    topic: new Secret(canary),
    token: new Secret(canary),
    caFile,
  }),
  telegram: ({ origin, caFile }) => ({
    kind: "telegram",
    name: "telegram",
    server: origin,
    botToken: new Secret(`123:${canary}`),
    chat: "-100",
    caFile,
  }),
  pagerduty: ({ origin, caFile }) => ({
    kind: "pagerduty",
    name: "pagerduty",
    server: origin,
    routingKey: new Secret(canary),
    caFile,
  }),
};

for (const [kind, settingsAt] of Object.entries(kinds)) {
  describeHttpChannelContract(kind, (place, clock) => {
    const [channel] = createChannels([settingsAt(place)], { clock, childEnv: {} });
    if (channel === undefined) throw new Error(`no channel of kind ${kind}`);
    return channel;
  });
}

test("every kind that speaks HTTP runs the contract, and is called what its settings call it", () => {
  const place = { origin: "https://127.0.0.1", caFile: null };
  const settings = Object.entries(kinds).map(([kind, settingsAt]) => [kind, settingsAt(place).kind]);
  assert.ok(settings.length === 7 && settings.every(([kind, own]) => kind === own), String(settings));
});
