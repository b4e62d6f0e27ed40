import { basename } from "node:path";
import type { AlertMessage } from "../../domain/alerts/alert-message.ts";
import type { EmailSettings } from "../../domain/alerts/alert-settings.ts";
import type { Channel } from "../alert.ts";
import { runMailer } from "../run-mailer.ts";
import { shownMessage } from "../shown-message.ts";
import { type DeliveryDeps, withLimit } from "../time-limit.ts";
import { formatMail } from "./mail-format.ts";
import { sendBySmtp } from "./smtp.ts";
import { refusalOf } from "./smtp-answer.ts";

/** Statuses of sysexits(3) that name the mailer's own trouble, not the message's. */
const mailerTrouble = [69, 70, 71];

/** Mail, through a server or the local mailer. */
export function createEmailChannel(settings: EmailSettings, deps: DeliveryDeps): Channel {
  const { name } = settings;
  const sent = createSentList();
  return {
    name,
    kind: "email",
    async deliver(message, signal) {
      const to = sent.missing(message.id, settings.to);
      const { from, transport } = settings;
      const lineEnd = transport.kind === "sendmail" ? "\n" : "\r\n";
      const parties = { from, to: settings.to, lineEnd } as const;
      const mail = await formatMail(shownMessage(message), parties);
      await withLimit({ target: name, signal, deps }, (either) =>
        transport.kind === "sendmail"
          ? sendLocally({ settings, program: transport.program, mail }, either, deps)
          : sendRemotely({ settings, message, mail, to, sent }, either),
      );
    },
    close() {
      // Each attempt has a connection of its own, which it closes.
    },
  };
}

async function sendLocally(
  {
    settings,
    program,
    mail,
  }: { readonly settings: EmailSettings; readonly program: string; readonly mail: Buffer },
  signal: AbortSignal,
  { childEnv: env }: DeliveryDeps,
): Promise<void> {
  const argv = [program, "-i", "-f", settings.from, "--", ...settings.to];
  const target = { name: settings.name, place: `"${basename(program)}"`, secrets: [] };
  await runMailer({ argv, env, input: mail, target, temporary: mailerTrouble }, signal);
}

interface Remote {
  readonly settings: EmailSettings;
  readonly message: AlertMessage;
  readonly mail: Buffer;
  readonly to: readonly string[];
  readonly sent: SentList;
}

async function sendRemotely(
  { settings, message, mail, to, sent }: Remote,
  signal: AbortSignal,
): Promise<void> {
  const { name, from, transport } = settings;
  if (transport.kind !== "smtp") return;
  const { accepted, refused } = await sendBySmtp({ name, smtp: transport, from, to, mail }, signal);
  if (refused.length === 0) return sent.forget(message.id);
  sent.add(message.id, accepted);
  throw refusalOf({ name, smtp: transport, accepted: accepted.length, refused });
}

/** Who has a message already, when a server took it for some and not yet for others. */
interface SentList {
  missing(id: string, all: readonly string[]): readonly string[];
  add(id: string, addresses: readonly string[]): void;
  forget(id: string): void;
}

/** More half-sent messages than this are not remembered: their first readers may get them twice. */
const rememberedMessages = 500;

function createSentList(): SentList {
  const sent = new Map<string, readonly string[]>();
  return {
    missing(id, all) {
      const have = sent.get(id) ?? [];
      return all.filter((address) => !have.includes(address));
    },
    add(id, addresses) {
      sent.set(id, [...(sent.get(id) ?? []), ...addresses]);
      const [oldest] = sent.keys();
      if (sent.size > rememberedMessages && oldest !== undefined) sent.delete(oldest);
    },
    forget(id) {
      sent.delete(id);
    },
  };
}
