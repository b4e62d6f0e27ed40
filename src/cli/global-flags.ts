/** What may stand before or after any command. */
export interface GlobalFlags {
  readonly configPath: string | null;
  readonly isJson: boolean;
  readonly verbosity: "quiet" | "normal" | "verbose";
  readonly isColorWanted: boolean;
}

/** The names and letters, once: for the parser and for errors that come before it is done. */
export const globalOptions = {
  config: [
    "-c, --config <file>",
    "configuration (default: $CODEX_BACKUP_CONFIG, ./codex-backup.yaml, /etc/codex-backup/config.yaml)",
  ],
  json: ["--json", "one JSON document on stdout"],
  verbose: ["-v, --verbose", "the whole log on stderr"],
  quiet: ["-q, --quiet", "nothing but errors"],
  color: ["--no-color", "no colours"],
} as const;

/** As the parser gives them. */
export interface ParsedGlobals {
  readonly config?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
}

/** As the parser read them; --verbose wins over --quiet. */
export function globalFlagsOf(parsed: ParsedGlobals): GlobalFlags {
  return {
    configPath: parsed.config ?? null,
    isJson: parsed.json === true,
    verbosity: parsed.verbose ? "verbose" : parsed.quiet ? "quiet" : "normal",
    isColorWanted: parsed.color !== false,
  };
}

/** Read without the parser, so that also a line that cannot be parsed is answered in the form asked for. */
export function readGlobalFlags(argv: readonly string[]): GlobalFlags {
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  return globalFlagsOf({
    json: words.includes("--json"),
    verbose: words.includes("-v") || words.includes("--verbose"),
    quiet: words.includes("-q") || words.includes("--quiet"),
    color: !words.includes("--no-color"),
  });
}
