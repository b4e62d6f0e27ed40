const keptWords = 8;

/**
 * What is known of a statement while its tokens pass: its leading words, whether a semicolon would end it,
 * whether COPY data follows it. Semicolons inside parentheses (rules with several actions) and inside
 * BEGIN ATOMIC … END (SQL-standard bodies, where CASE also ends with END) do not end a statement.
 *
 * psql 15 takes any word BEGIN after CREATE FUNCTION for a body, so that it cannot restore a dump with a
 * function named "begin"; here only BEGIN ATOMIC counts, as in the server's grammar.
 */
export class StatementShape {
  #words: string[] = [];
  #parentheses = 0;
  #bodies = 0;
  /** The word that was the last token; "" when that was no word. */
  #last = "";
  #readsStdin = false;

  /** The first unquoted words, upper case. */
  get words(): readonly string[] {
    return this.#words;
  }

  get isSemicolonInside(): boolean {
    return this.#parentheses > 0 || this.#bodies > 0;
  }

  get isCopyFromStdin(): boolean {
    return this.#words[0] === "COPY" && this.#readsStdin;
  }

  reset(): void {
    this.#words = [];
    this.#parentheses = 0;
    this.#bodies = 0;
    this.#last = "";
    this.#readsStdin = false;
  }

  word(text: string): void {
    const word = text.toUpperCase();
    if (this.#words.length < keptWords) this.#words.push(word);
    if (this.#parentheses === 0) this.#track(word);
    this.#last = word;
  }

  /** Any token that is no word. */
  symbol(): void {
    this.#last = "";
  }

  openParenthesis(): void {
    this.#parentheses++;
  }

  closeParenthesis(): void {
    if (this.#parentheses > 0) this.#parentheses--;
  }

  #track(word: string): void {
    if (this.#bodies > 0) {
      if (word === "CASE") this.#bodies++;
      else if (word === "END") this.#bodies--;
    } else if (word === "ATOMIC" && this.#last === "BEGIN" && isRoutine(this.#words)) this.#bodies = 1;
    else if (word === "STDIN" && this.#last === "FROM") this.#readsStdin = true;
  }
}

function isRoutine(words: readonly string[]): boolean {
  const kind = words[1] === "OR" ? words[3] : words[1];
  return words[0] === "CREATE" && (kind === "FUNCTION" || kind === "PROCEDURE");
}
