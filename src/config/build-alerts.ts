import type { AlertRule, AlertSettings, ChannelSettings } from "../domain/alerts/alert-settings.ts";
import { buildersOf, type ChannelKeys } from "./build-channel.ts";
import { describePath, type Path, unknownName } from "./problem.ts";
import type { AlertsKeys } from "./schema/alerts.ts";
import { channelKinds } from "./schema/channel.ts";
import { nameRule, nameRuleText } from "./schema/scalar.ts";
import type { SecretContext } from "./secret-key.ts";
import type { Settings } from "./settings.ts";

/** The alerts with every default filled in; null where there are none. Problems are reported. */
export async function buildAlerts(settings: Settings, context: SecretContext): Promise<AlertSettings | null> {
  const { alerts } = settings;
  if (alerts === null) return null;
  const channels = await buildChannels(alerts, context);
  const names = { channels: channels.map((one) => one.name), jobs: settings.jobNames };
  const checks = { names, report: context.report };
  const path = ["alerts", "digest", "channels"];
  checkNames(alerts.digest?.channels, { ...checks, path, kind: "channel" });
  return {
    channels,
    rules: alerts.rules.map((rule, index) => buildRule(rule, ["alerts", "rules", index], checks)),
    digest: {
      schedule: alerts.digest?.schedule ?? null,
      channels: listOf(alerts.digest?.channels),
    },
  };
}

/** Those that stand by themselves first, then those with names of their own. */
async function buildChannels(
  alerts: AlertsKeys,
  context: SecretContext,
): Promise<readonly ChannelSettings[]> {
  const { channels, rules: _rules, digest: _digest, ...own } = alerts;
  const groups: readonly (readonly [name: string | null, keys: ChannelKeys])[] = [
    [null, own],
    ...Object.entries(channels),
  ];
  const built: ChannelSettings[] = [];
  for (const [name, keys] of groups) {
    const inner = name === null ? ["alerts"] : ["alerts", "channels", name];
    if (name !== null) checkChannelName(name, { path: inner, taken: built.map((one) => one.name) }, context);
    for (const { kind, build } of buildersOf(keys)) {
      built.push(await build({ name: name ?? kind, path: [...inner, kind] }, context));
    }
  }
  if (built.length === 0) {
    const message = `alerts has no channel; needed: at least one of ${Object.keys(channelKinds).join(", ")}`;
    context.report({ path: ["alerts"], at: "key", message });
  }
  return built;
}

function checkChannelName(
  name: string,
  { path, taken }: { readonly path: Path; readonly taken: readonly string[] },
  { report }: SecretContext,
): void {
  if (!nameRule.test(name)) {
    report({ path, at: "key", message: `alerts.channels has the name "${name}"; allowed: ${nameRuleText}` });
  }
  if (taken.includes(name)) {
    report({
      path,
      at: "key",
      message: `${describePath(path)} is called as another channel is; allowed: each name once`,
    });
  }
}

interface NameChecks {
  readonly names: { readonly channels: readonly string[]; readonly jobs: readonly string[] };
  readonly report: SecretContext["report"];
}

function buildRule(rule: AlertsKeys["rules"][number], path: Path, checks: NameChecks): AlertRule {
  const { jobs, events, channels, escalate } = rule;
  checkNames(jobs, { ...checks, path: [...path, "jobs"], kind: "job" });
  checkNames(channels, { ...checks, path: [...path, "channels"], kind: "channel" });
  checkNames(escalate?.to, { ...checks, path: [...path, "escalate", "to"], kind: "channel" });
  return {
    jobs: listOf(jobs),
    events: listOf(events),
    channels: listOf(channels),
    escalateAfterMs: escalate?.after ?? null,
    escalateTo: listOf(escalate?.to) ?? [],
  };
}

function checkNames(
  written: string | readonly string[] | undefined,
  { path, kind, names, report }: NameChecks & { readonly path: Path; readonly kind: "job" | "channel" },
): void {
  const known = kind === "job" ? names.jobs : names.channels;
  for (const [index, name] of (listOf(written) ?? []).entries()) {
    const place = typeof written === "string" ? path : [...path, index];
    if (!known.includes(name)) report(unknownName(place, name, { kind, names: known }));
  }
}

/** One name may be written without brackets. */
function listOf<Name extends string>(written: Name | readonly Name[] | undefined): readonly Name[] | null {
  if (written === undefined) return null;
  return typeof written === "string" ? [written] : written;
}
