import type {
  AlertsReport,
  ChannelTest,
  ListedChannel,
  ListedDelivery,
} from "../../domain/alerts/alert-report.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Paint } from "../paint.ts";
import { renderColumns } from "./columns.ts";
import { describeAgo } from "./moment.ts";

export interface AlertsSurroundings {
  readonly now: Instant;
  readonly paint: Paint;
}

/** A line for each channel; of a failure its reason and what to do. */
export function renderTests(tests: readonly ChannelTest[], paint: Paint): string {
  return tests
    .flatMap(({ channel, kind, failure }) =>
      failure === null
        ? [`${channel} (${kind}): delivered`]
        : [
            `${paint.bad(channel)} (${kind}): ${failure.message}`,
            ...(failure.hint === null ? [] : [`  ${failure.hint}`]),
          ],
    )
    .join("\n");
}

/** The channels as rows, then what waits, what was given up, and what is wrong. */
export function renderAlerts(report: Omit<AlertsReport, "exit">, around: AlertsSurroundings): string {
  const { channels, waiting, givenUp, open } = report;
  if (channels.length === 0) return "No channel is configured: nobody is told of anything.";
  const titles = ["channel", "kind", "last delivered", "waiting", "next try"];
  const header = titles.map((title) => around.paint.faint(title));
  const told = open.map(
    ({ key, since, told: events }) =>
      `${key}: ${events.join(", then ")}, since ${describeAgo(since, around.now)}`,
  );
  return [
    renderColumns([header, ...channels.map((channel) => rowOf(channel, around))]),
    ...channels.flatMap(({ channel, failure }) =>
      failure === null ? [] : [`${around.paint.bad(channel)}: ${failure.message}`, ...hintOf(failure.hint)],
    ),
    ...section(
      "Waiting:",
      waiting.map((one) => deliveryLine(one, around)),
    ),
    ...section(
      "Given up:",
      givenUp.map((one) => deliveryLine(one, around)),
    ),
    ...section("Wrong now, and told:", told),
  ].join("\n");
}

/** A line for each channel through which nothing goes, and one for what was given up: who is told nothing does not miss it. */
export function renderChannelTroubles(
  { channels, givenUp }: Pick<AlertsReport, "channels" | "givenUp">,
  paint: Paint,
): readonly string[] {
  const failing = channels.flatMap(({ channel, failure, waiting }) =>
    failure === null ? [] : [`${paint.bad(`alerts ${channel}`)}: ${failure.message} (waiting: ${waiting})`],
  );
  const [last] = givenUp;
  if (last === undefined) return failing;
  return [...failing, `${paint.bad("alerts")}: given up, and told nobody: ${last.subject}`];
}

function rowOf(
  { channel, kind, lastDeliveredAt, waiting, nextTryAt, failure }: ListedChannel,
  around: AlertsSurroundings,
) {
  const { now, paint } = around;
  return [
    failure === null ? channel : paint.bad(channel),
    kind,
    lastDeliveredAt === null ? "never" : describeAgo(lastDeliveredAt, now),
    String(waiting),
    nextTryAt ?? "",
  ];
}

function deliveryLine(
  { channel, subject, createdAt, attempts }: ListedDelivery,
  { now }: AlertsSurroundings,
): string {
  return `  ${channel}: ${subject} (${describeAgo(createdAt, now)}, attempts: ${attempts})`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}

function hintOf(hint: string | null): readonly string[] {
  return hint === null ? [] : [`  ${hint}`];
}
