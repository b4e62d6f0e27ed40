import { createHash } from "node:crypto";
import MailComposer from "nodemailer/lib/mail-composer";
import type { AlertMessage } from "../../domain/alerts/alert-message.ts";
import { footOf } from "../shown-message.ts";

/** Who it is from and for. */
export interface MailParties {
  readonly from: string;
  readonly to: readonly string[];
  /** Servers demand CR LF, local mailers expect LF. */
  readonly lineEnd: "\r\n" | "\n";
}

/**
 * A whole mail (RFC 5322), plain text in UTF-8. Its Message-ID is the same at each attempt, so that a mailbox
 * can drop a second one; all mails about one thing refer to one root, so that they are shown as a thread.
 */
export async function formatMail(message: AlertMessage, { from, to, lineEnd }: MailParties): Promise<Buffer> {
  const root = mailId("thread", `${message.host} ${message.key}`);
  const composer = new MailComposer({
    from,
    to: [...to],
    subject: message.subject,
    text: formatMailText(message),
    date: new Date(message.at),
    messageId: mailId("message", `${message.host} ${message.id}`),
    inReplyTo: root,
    references: [root],
    priority: message.severity === "critical" ? "high" : "normal",
    headers: {
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
      "X-Codex-Event": message.event,
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const mail = await composer.compile().build();
  // in its transfer encoding it is all ASCII
  return Buffer.from(mail.toString("latin1").replaceAll(/\r?\n/g, lineEnd), "latin1");
}

function formatMailText(message: AlertMessage): string {
  return `${[message.subject, "", ...message.lines, "", "-- ", footOf(message)].join("\n")}\n`;
}

/** Made from a hash: what ids and hosts consist of is not for mail to know. */
function mailId(kind: string, of: string): string {
  return `<${kind}.${createHash("sha256").update(of).digest("hex").slice(0, 32)}@codex-backup.invalid>`;
}
