/** A shell command, as far as crontabs of backups go: pipes of simple commands and where the output goes. */
export interface ShellLine {
  /** "cd DIR && …". */
  readonly directory: string | null;
  /** NAME=value before the first command. */
  readonly environment: Readonly<Record<string, string>>;
  readonly pipe: readonly (readonly string[])[];
  /** Where stdout of the last one goes. */
  readonly output: string | null;
  /** Redirects that say only where messages go. */
  readonly dropped: readonly string[];
}

interface Token {
  readonly text: string;
  readonly isOperator: boolean;
}

const token =
  /\s*(\d?>{1,2}(?:&\d)?|&&|\|\||[|;&<()]|(?:[^\s"'\\|;&<>()$`]|\\.|"(?:[^"\\]|\\.)*"|'[^']*'|\$\([^()]*\)|`[^`]*`|\$)+)/y;

/** Null for what is more than that: conditions, subshells, several commands in a row. */
export function readShellLine(command: string): ShellLine | null {
  const tokens = tokensOf(command);
  if (tokens === null) return null;
  const isCd = tokens[0]?.text === "cd" && tokens[2]?.text === "&&" && tokens[2].isOperator;
  const directory = isCd ? (tokens[1]?.text ?? null) : null;
  return readPipe(isCd ? tokens.slice(3) : tokens, directory);
}

function tokensOf(command: string): readonly Token[] | null {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  const text = command.trim();
  while (token.lastIndex < text.length) {
    const found = token.exec(text)?.[1];
    if (found === undefined) return null;
    const isOperator = /^(\d?>|&&|\|\||[|;&<()])/.test(found);
    tokens.push({ text: isOperator ? found : unquote(found), isOperator });
  }
  return tokens;
}

function unquote(word: string): string {
  const quoted = /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g;
  return word.replace(quoted, (_, ...[double, single, one]: readonly (string | undefined)[]) =>
    double !== undefined ? double.replace(/\\(.)/g, "$1") : (single ?? one ?? ""),
  );
}

function readPipe(tokens: readonly Token[], directory: string | null): ShellLine | null {
  const pipe: string[][] = [[]];
  const dropped: string[] = [];
  let output: string | null = null;
  for (let at = 0; at < tokens.length; at++) {
    const { text, isOperator } = tokens[at] ?? { text: "", isOperator: false };
    if (!isOperator) pipe.at(-1)?.push(text);
    else if (text === "|") pipe.push([]);
    else if (/^\d?>>?&\d$/.test(text)) dropped.push(text);
    else if (/^\d?>>?$/.test(text)) {
      const target = tokens[++at]?.text ?? "";
      if (text.startsWith("2") || target === "/dev/null" || target.endsWith(".log"))
        dropped.push(`${text} ${target}`);
      else output = target;
    } else return null;
  }
  const { environment, words } = takeEnvironment(pipe[0] ?? []);
  const all = [words, ...pipe.slice(1)];
  return all.some((one) => one.length === 0) ? null : { directory, environment, pipe: all, output, dropped };
}

function takeEnvironment(words: readonly string[]) {
  const environment: Record<string, string> = {};
  const from = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  for (const word of words.slice(0, from < 0 ? words.length : from)) {
    environment[word.slice(0, word.indexOf("="))] = word.slice(word.indexOf("=") + 1);
  }
  return { environment, words: from < 0 ? [] : words.slice(from) };
}
