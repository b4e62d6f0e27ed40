import type { SmtpSettings } from "../../domain/alerts/alert-settings.ts";
import { Failure, messageOf } from "../../domain/failure.ts";
import { Secret } from "../../domain/secret.ts";
import { doing, failureOfConnection, saidBy, type Target } from "../delivery-failure.ts";

/** A recipient whom the server would not have. */
export interface Refused {
  readonly address: string;
  /** As SMTP has it; below 500 it may be another answer later. */
  readonly status: number;
  readonly said: string;
}

/** The parts of nodemailer's errors that are looked at. */
interface SmtpError {
  readonly code: string | null;
  readonly responseCode: number | null;
  readonly response: string;
  readonly recipient: string;
  readonly rejectedErrors: readonly unknown[];
}

function readError(thrown: unknown): SmtpError {
  const raw = Object(thrown) as Readonly<Record<string, unknown>>; // any object can be read by key
  return {
    code: typeof raw.code === "string" ? raw.code : null,
    responseCode: typeof raw.responseCode === "number" ? raw.responseCode : null,
    response: typeof raw.response === "string" ? raw.response : "",
    recipient: typeof raw.recipient === "string" ? raw.recipient : "",
    rejectedErrors: Array.isArray(raw.rejectedErrors) ? raw.rejectedErrors : [],
  };
}

/** The recipients whom nodemailer names in its errors; none when there are no errors. */
export function refusedOf(errors: readonly unknown[] | undefined): readonly Refused[] {
  return (errors ?? []).map((error) => {
    const { recipient, responseCode, response } = readError(error);
    return { address: recipient, status: responseCode ?? 0, said: response };
  });
}

interface Server {
  readonly name: string;
  readonly smtp: SmtpSettings;
}

function targetOf({ name, smtp }: Server): Target {
  return { name, place: `${smtp.host}:${smtp.port}`, secrets: spellingsOf(smtp) };
}

/** The password as it is, and as the two ways of logging in write it. */
function spellingsOf({ login }: SmtpSettings): readonly Secret[] {
  if (login === null) return [];
  const password = login.password.reveal();
  const base64 = (text: string) => new Secret(Buffer.from(text).toString("base64"));
  return [login.password, base64(password), base64(`\0${login.user}\0${password}`)];
}

const addressHint = "Correct the addresses in the config, or ask who runs the mail server.";

/** The mail was taken for some recipients and refused for others. */
export function refusalOf({
  accepted,
  refused,
  ...server
}: Server & { readonly accepted: number; readonly refused: readonly Refused[] }): Failure {
  const target = targetOf(server);
  const told = refused.map(({ address, said }) => `${address} (${saidBy(said, target.secrets)})`).join(", ");
  const message = `${doing(target)}: ${target.place} refused ${told}`;
  const isTemporary = refused.some(({ status }) => status < 500);
  return new Failure(isTemporary ? "alerts.unreachable" : "alerts.refused", message, {
    hint: addressHint,
    context: { accepted, refused: refused.length },
  });
}

/** What ended the conversation. A Failure passes unchanged. */
export function failureOfSmtp(thrown: unknown, server: Server): Failure {
  if (thrown instanceof Failure) return thrown;
  const target = targetOf(server);
  const { code, responseCode, response, rejectedErrors } = readError(thrown);
  const refused = refusedOf(rejectedErrors);
  if (refused.length > 0) return refusalOf({ ...server, accepted: 0, refused });
  if (responseCode === null || responseCode === 0) return failureWithoutAnswer(thrown, code, target);
  const message = `${doing(target)}: ${target.place} answered "${saidBy(response, target.secrets)}"`;
  const context = { status: responseCode };
  if (responseCode < 500)
    return new Failure("alerts.unreachable", message, { hint: "Wait: it is tried again later.", context });
  return new Failure("alerts.refused", message, { hint: hintFor(code), context });
}

function hintFor(code: string | null): string {
  if (code === "EAUTH") return "Correct user and password of the channel in the config.";
  if (code === "ETLS") return "Set tls: implicit, or another port: the server has no STARTTLS there.";
  return "Correct the channel in the config, or ask who runs the mail server.";
}

function failureWithoutAnswer(thrown: unknown, code: string | null, target: Target): Failure {
  // nodemailer puts its own code in the place of the system's and OpenSSL's; the words are still there
  if (code !== "EAUTH") return failureOfConnection(new Error(messageOf(thrown)), target);
  return new Failure("alerts.refused", `${doing(target)}: ${target.place} takes no login that we know`, {
    hint: "Take user and password out of the channel, or turn on AUTH PLAIN or LOGIN at the server.",
  });
}
