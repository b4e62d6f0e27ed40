import { oneLine, shorten } from "../domain/alerts/shown-text.ts";
import { Failure, messageOf } from "../domain/failure.ts";
import type { Instant } from "../domain/instant.ts";
import { redact, type Secret } from "../domain/secret.ts";
import type { HttpAnswer } from "./http-request.ts";

/** Who was to take a message, for words; its secrets are taken out of all that the other side said. */
export interface Target {
  /** The channel's name, or a job's check. */
  readonly name: string;
  /** Host and port, or the program. */
  readonly place: string;
  readonly secrets: readonly Secret[];
}

const defaultRetryMs = 60_000;
const longestRetryMs = 24 * 3_600_000;

/** What an answer means; null when the message was taken. */
export function failureOfAnswer(answer: HttpAnswer, target: Target, now: Instant): Failure | null {
  const { status } = answer;
  if (status >= 200 && status < 300) return null;
  const said = saidBy(answer.body, target.secrets);
  const message = `${doing(target)}: ${target.place} answered ${status}${said === "" ? "" : ` "${said}"`}`;
  const isAskingForTime = status === 429 || (status === 503 && answer.retryAfter !== null);
  if (isAskingForTime) {
    const retryAfterMs = readRetryAfter(answer, now);
    return new Failure("alerts.throttled", message, {
      hint: "Wait: it is tried again when the other side allows it.",
      context: { retryAfterMs, status },
    });
  }
  const context = { status };
  if (status === 408 || status === 425 || status >= 500)
    return new Failure("alerts.unreachable", message, { hint: unreachableHint, context });
  return new Failure("alerts.refused", message, { hint: refusedHint(status), context });
}

const unreachableHint = "Look whether the other side works and can be reached from here.";

function refusedHint(status: number): string {
  if (status >= 300 && status < 400)
    return "Write the address that it redirects to into the config; redirects are not followed.";
  return "Correct the channel's address and credentials in the config, then run codex-backup alerts test.";
}

/** Seconds or a date, as HTTP has it, or seconds in the body, as chats have it. Never longer than a day. */
export function readRetryAfter({ retryAfter, body }: HttpAnswer, now: Instant): number {
  const written = retryAfter?.trim() ?? "";
  const seconds = /^\d+(\.\d+)?$/.test(written) ? Number(written) : Number.NaN;
  const untilMs = Number.isNaN(seconds) ? Date.parse(written) - now : seconds * 1000;
  const inBody = Number(/"retry_after"\s*:\s*(\d+(?:\.\d+)?)/.exec(body)?.[1] ?? Number.NaN) * 1000;
  const askedMs = [untilMs, inBody].find((ms) => Number.isFinite(ms)) ?? defaultRetryMs;
  return Math.ceil(Math.min(Math.max(askedMs, 1000), longestRetryMs));
}

/** Certificates that no waiting mends; an expired one is the other side's to renew. */
const untrusted =
  /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|ALTNAME|CERT_(?!HAS_EXPIRED|NOT_YET_VALID)|self-signed|unable to (verify|get)|altnames/;

/** What a connection that failed means. A Failure passes unchanged. */
export function failureOfConnection(thrown: unknown, target: Target): Failure {
  if (thrown instanceof Failure) return thrown;
  if (/wrong version number/.test(messageOf(thrown))) {
    const message = `${doing(target)}: ${target.place} speaks no TLS`;
    return new Failure("alerts.refused", message, { hint: "Correct the port, or tls, of the channel." });
  }
  const seen = seenIn(thrown, target.secrets);
  const message = `${doing(target)}: ${target.place}: ${seen}`;
  if (!untrusted.test(seen)) return new Failure("alerts.unreachable", message, { hint: unreachableHint });
  return new Failure("alerts.refused", message, {
    hint: "Set caFile to the authority that signed its certificate, or correct the host's name.",
  });
}

/** The words that every failure to deliver begins with. */
export function doing({ name }: Target): string {
  return `Cannot deliver to "${name}"`;
}

/** What the other side said: one short line without secrets and control characters. */
export function saidBy(text: string, secrets: readonly Secret[]): string {
  return shorten(oneLine(redact(text, secrets)), 200);
}

function seenIn(thrown: unknown, secrets: readonly Secret[]): string {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  return saidBy(code === "" ? messageOf(thrown) : code, secrets);
}
