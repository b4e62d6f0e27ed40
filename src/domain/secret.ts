const placeholder = "[secret]";

/**
 * A value that must never be printed. It shows as a placeholder in text, JSON and inspection;
 * only `reveal` gives it away, so that a search for "reveal(" finds every use.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return placeholder;
  }

  toJSON(): string {
    return placeholder;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return placeholder;
  }
}

/**
 * Replaces every occurrence of the secrets in a text, as they are and as JSON or a URL would write them.
 * Secrets shorter than 4 characters are left: they would blank ordinary words.
 */
export function redact(text: string, secrets: readonly Secret[]): string {
  return secrets
    .flatMap(spellingsOf)
    .reduce((shown, spelling) => shown.replaceAll(spelling, placeholder), text);
}

function spellingsOf(secret: Secret): readonly string[] {
  const value = secret.reveal();
  if (value.length < 4) return [];
  return [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)];
}
