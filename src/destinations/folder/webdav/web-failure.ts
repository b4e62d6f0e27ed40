import type { IncomingMessage } from "node:http";
import { errnoOf, Failure, messageOf } from "../../../domain/failure.ts";
import type { FailureCode } from "../../../domain/failure-table.ts";

/** What was being done to what, for messages: "write" "https://host/dav/x". */
export interface Attempt {
  readonly verb: string;
  readonly address: string;
}

interface Meaning {
  readonly code: FailureCode;
  readonly seen: string;
  readonly hint: string;
}

/** What went wrong before there was an answer, or while it came. Failures pass unchanged. */
export function translateNetwork(thrown: unknown, { verb, address }: Attempt): Failure {
  if (thrown instanceof Failure) return thrown;
  const errno = errnoOf(thrown) ?? "";
  const said = messageOf(thrown) || errno;
  if (/CERT|SELF_SIGNED|UNABLE_TO_|^ERR_(TLS|SSL)|HOSTNAME/.test(errno)) {
    return new Failure("destination.denied", `Cannot trust the server of "${address}": ${said}`, {
      hint: "Set webdav.ca to the authority that signed its certificate, or correct the host's name in url.",
      cause: thrown,
    });
  }
  return new Failure("destination.unreachable", `Cannot ${verb} "${address}": ${said}`, {
    hint: "See whether the server is up and the network lets you through; the next run tries again.",
    cause: thrown,
  });
}

/** An answer that is no success, in our words with the server's. Its body is thrown away. */
export function answerFailure(response: IncomingMessage, attempt: Attempt): Failure {
  response.resume();
  const { statusCode = 0, statusMessage = "" } = response;
  const { code, seen, hint } = meanings[statusCode] ?? otherMeaning(response);
  const message = `Cannot ${attempt.verb} "${attempt.address}": ${seen} (the server says ${`${statusCode} ${statusMessage}`.trim()})`;
  return new Failure(code, message, { hint, context: { status: statusCode } });
}

function otherMeaning(response: IncomingMessage): Meaning {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) {
    const target = response.headers.location ?? "another address";
    return {
      code: "destination.io",
      seen: `it sends us on to "${target}", where our password does not go`,
      hint: "If that address is right, set url to it.",
    };
  }
  return status >= 500 || status === 408 || status === 429 ? passing : odd;
}

const passing: Meaning = {
  code: "destination.unreachable",
  seen: "the server is in trouble",
  hint: "Look into the server's log if it does not pass.",
};

const odd: Meaning = {
  code: "destination.io",
  seen: "the server refuses",
  hint: "Look into the server's log.",
};

const meanings: Readonly<Record<number, Meaning>> = {
  401: {
    code: "destination.denied",
    seen: "user or password refused",
    hint: "Correct user and password; where the server has passwords for applications, take one of those. Only Basic is spoken.",
  },
  403: {
    code: "destination.denied",
    seen: "permission denied",
    hint: "Let this user write into the folder, on the server and in its file system.",
  },
  404: {
    code: "destination.not-found",
    seen: "there is no such file",
    hint: "Compare the folder with: codex-backup list.",
  },
  405: {
    code: "destination.io",
    seen: "that address takes no such request",
    hint: "Set url to the folder's WebDAV address; servers often show their files under another one.",
  },
  407: {
    code: "destination.denied",
    seen: "the proxy asks for a password",
    hint: "Write user and password into the proxy's address.",
  },
  409: {
    code: "destination.missing",
    seen: "there is no such folder",
    hint: "See whether url is right; else create the folder: codex-backup destination init --all.",
  },
  411: {
    code: "destination.io",
    seen: "the server wants to know the length before it takes a file",
    hint: "Let it take chunked uploads (nginx before 1.3.9 and some gateways do not).",
  },
  413: {
    code: "destination.too-large",
    seen: "the server takes no file so large",
    hint: "Raise the server's limit (LimitRequestBody, client_max_body_size), or compress.",
  },
  423: {
    code: "destination.denied",
    seen: "another client has locked it",
    hint: "End the other client's lock, or wait until it ends by itself.",
  },
  500: {
    ...passing,
    hint: "Look into the server's log if it does not pass; Apache answers so when the folder may not be written.",
  },
  502: {
    ...passing,
    hint: "A server behind a proxy may not know itself by the address in url; else look into its log.",
  },
  507: {
    code: "destination.full",
    seen: "its disk or the quota is full",
    hint: "Free space on that server: prune, or enlarge its disk or quota.",
  },
};
