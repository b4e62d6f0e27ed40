import type {
  AlertRule,
  AlertSettings,
  ChannelSettings,
  MailTransport,
  PingSettings,
} from "../domain/alerts/alert-settings.ts";
import { formatDuration } from "../domain/duration.ts";
import type { Secret } from "../domain/secret.ts";

type Yaml = Readonly<Record<string, unknown>>;

/** How a secret is shown: where it comes from, or a placeholder. */
export type ShowSecret = (secret: Secret) => unknown;

/** The `alerts` section; every channel stands under its name, also one that was written by itself. */
export function alertsOf(alerts: AlertSettings, show: ShowSecret): Yaml {
  const { schedule, channels } = alerts.digest;
  return defined({
    channels: Object.fromEntries(
      alerts.channels.map((one) => [one.name, { [one.kind]: channelOf(one, show) }]),
    ),
    rules: alerts.rules.map(ruleOf),
    digest: schedule === null ? null : defined({ schedule, channels }),
  });
}

/** The `pings` section; empty when only jobs name addresses. */
export function pingsOf({ template, caFile }: PingSettings, show: ShowSecret): Yaml {
  return defined({ url: template && show(template), caFile });
}

/** A job's own `ping`: only where it is not made from `pings.url`. */
export function pingOf(
  job: string,
  pings: PingSettings | null,
  { show, isOwn }: { readonly show: ShowSecret; readonly isOwn: (secret: Secret) => boolean },
): Yaml {
  const url = pings?.urls.get(job);
  if (url === undefined) return pings?.template ? { ping: "none" } : {};
  return isOwn(url) ? { ping: show(url) } : {};
}

function channelOf(channel: ChannelSettings, show: ShowSecret): Yaml {
  switch (channel.kind) {
    case "email": {
      const { from, to, transport } = channel;
      return { from, to, ...transportOf(transport, show) };
    }
    case "webhook": {
      const { url, signingKey, headers, caFile } = channel;
      const shown = Object.fromEntries(headers.map(({ name, value }) => [name, show(value)]));
      return defined({ url: show(url), signingKey: signingKey && show(signingKey), headers: shown, caFile });
    }
    case "slack":
    case "discord":
    case "teams":
      return defined({ url: show(channel.url), caFile: channel.caFile });
    case "ntfy": {
      const { server, topic, token, caFile } = channel;
      return defined({ server, topic: show(topic), token: token && show(token), caFile });
    }
    case "telegram": {
      const { server, botToken, chat, caFile } = channel;
      return defined({ server, botToken: show(botToken), chat, caFile });
    }
    case "pagerduty": {
      const { server, routingKey, caFile } = channel;
      return defined({ server, routingKey: show(routingKey), caFile });
    }
    case "exec":
      return { argv: channel.argv };
    default:
      return channel satisfies never;
  }
}

function transportOf(transport: MailTransport, show: ShowSecret): Yaml {
  if (transport.kind === "sendmail") return { sendmail: transport.program };
  const { host, port, tls, login, caFile } = transport;
  const password = login && show(login.password);
  return { smtp: defined({ host, port, tls, user: login?.user, password, caFile }) };
}

function ruleOf({ jobs, events, channels, escalateAfterMs, escalateTo }: AlertRule): Yaml {
  const escalate =
    escalateAfterMs === null ? null : { after: formatDuration(escalateAfterMs), to: escalateTo };
  return defined({ jobs, events, channels, escalate });
}

/** Without what is not set: an absent key reads back as the same. */
function defined(values: Yaml): Yaml {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
  );
}
