import type { AlertMessage } from "../domain/alerts/alert-message.ts";
import { Secret } from "../domain/secret.ts";
import type { Channel } from "./alert.ts";
import { readAuthorities } from "./authorities.ts";
import { failureOfAnswer, failureOfConnection, type Target } from "./delivery-failure.ts";
import { sendRequest } from "./http-request.ts";
import { shownMessage } from "./shown-message.ts";
import { type DeliveryDeps, withLimit } from "./time-limit.ts";

/** One request that a message becomes. */
export interface Post {
  readonly url: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A channel over HTTP: all but what it says. */
export interface HttpChannelParts {
  readonly kind: string;
  readonly settings: { readonly name: string; readonly caFile: string | null };
  readonly secrets: readonly Secret[];
  readonly deps: DeliveryDeps;
  /** Called for each attempt, with a message that is fit to be shown; most messages become one request. */
  readonly postsOf: (message: AlertMessage) => readonly Post[];
}

/** See Channel. All requests of one message share one time limit, and end with the first that fails. */
export function createHttpChannel({ kind, settings, secrets, deps, postsOf }: HttpChannelParts): Channel {
  const { name, caFile } = settings;
  return {
    name,
    kind,
    async deliver(message, signal) {
      await withLimit({ target: name, signal, deps }, async (either) => {
        for (const post of postsOf(shownMessage(message))) {
          await sendPost({ name, caFile, secrets, post }, either, deps);
        }
      });
    },
    close() {
      // Each attempt has a connection of its own, which it closes.
    },
  };
}

/** What is sent, to whom. */
export interface Sending {
  /** For words: the channel, or the check. */
  readonly name: string;
  readonly caFile: string | null;
  readonly secrets: readonly Secret[];
  readonly post: Post;
}

/** Resolves when the other side has answered with 2xx; throws as Channel.deliver does. */
export async function sendPost(sending: Sending, signal: AbortSignal, deps: DeliveryDeps): Promise<void> {
  const { post, caFile } = sending;
  const target = targetOf(sending);
  const headers = { "user-agent": "codex-backup", "content-type": "application/json; charset=utf-8" };
  const authorities =
    new URL(post.url).protocol === "https:" ? await readAuthorities(caFile, target.name) : [];
  const request = { url: post.url, body: post.body, headers: { ...headers, ...post.headers }, authorities };
  const answer = await sendRequest(request, signal, deps.clock).catch((error: unknown) => {
    throw signal.aborted ? error : failureOfConnection(error, target);
  });
  const failure = failureOfAnswer(answer, target, deps.clock.now());
  if (failure !== null) throw failure;
}

/** The address's path is as good as a password: an answer that repeats it must not bring it into a log. */
function targetOf({ name, secrets, post }: Sending): Target {
  const { host, pathname, search } = new URL(post.url);
  const whole = [...secrets, new Secret(post.url), new Secret(`${pathname}${search}`)];
  return { name, place: host, secrets: whole.flatMap(withParts) };
}

/** "Bearer KEY", "123:KEY" and "/in/KEY?x=KEY" hold their secret in a part, which may be repeated alone. */
function withParts(secret: Secret): readonly Secret[] {
  const parts = secret.reveal().split(/[\s/:?&=]+/);
  return [secret, ...parts.filter((part) => part.length >= 8).map((part) => new Secret(part))];
}
