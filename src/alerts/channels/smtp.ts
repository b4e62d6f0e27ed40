import SMTPConnection from "nodemailer/lib/smtp-connection";
import type { SmtpSettings } from "../../domain/alerts/alert-settings.ts";
import { readAuthorities } from "../authorities.ts";
import { attemptLimitMs } from "../time-limit.ts";
import { failureOfSmtp, type Refused, refusedOf } from "./smtp-answer.ts";

/** One mail for one server. */
export interface Dispatch {
  /** The channel's, for words. */
  readonly name: string;
  readonly smtp: SmtpSettings;
  readonly from: string;
  readonly to: readonly string[];
  readonly mail: Buffer;
}

export interface Dispatched {
  readonly accepted: readonly string[];
  /** Those that the server would not have, while it took the mail for others. */
  readonly refused: readonly Refused[];
}

/**
 * Resolves when the server has taken the mail for at least one recipient. Throws as Channel.deliver does. The
 * connection is closed in any case, at once when the signal is aborted.
 */
export async function sendBySmtp(dispatch: Dispatch, signal: AbortSignal): Promise<Dispatched> {
  const { smtp } = dispatch;
  const options = await optionsOf(dispatch);
  signal.throwIfAborted(); // while the authority was read
  const connection = new SMTPConnection(options);
  const close = () => connection.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    return await converse(connection, dispatch);
  } catch (error) {
    signal.throwIfAborted();
    throw failureOfSmtp(error, { name: dispatch.name, smtp });
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

async function optionsOf({ name, smtp }: Dispatch) {
  const { host, port, tls } = smtp;
  const ca = tls === "none" ? [] : await readAuthorities(smtp.caFile, name);
  return {
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    tls: { ca, rejectUnauthorized: true, minVersion: "TLSv1.2" as const },
    connectionTimeout: attemptLimitMs,
    greetingTimeout: attemptLimitMs,
    socketTimeout: attemptLimitMs,
    dnsTimeout: attemptLimitMs,
    socketCloseTimeout: 0,
    maxResponseSize: 64 * 1024,
    logger: false,
  };
}

/** connect → log in → send; any error event of the connection ends it. */
function converse(connection: SMTPConnection, { smtp, from, to, mail }: Dispatch): Promise<Dispatched> {
  const { login } = smtp;
  return new Promise((resolve, reject) => {
    connection.once("error", reject);
    connection.once("end", () => reject(new Error("the server closed the connection")));
    const send = () =>
      connection.send({ from, to: [...to], size: mail.length }, mail, (error, info) => {
        if (error) return reject(error);
        connection.quit();
        resolve({ accepted: info?.accepted ?? [], refused: refusedOf(info?.rejectedErrors) });
      });
    connection.connect((error) => {
      if (error) return reject(error);
      if (login === null) return send();
      connection.login({ user: login.user, pass: login.password.reveal() }, (refused) =>
        refused ? reject(refused) : send(),
      );
    });
  });
}
