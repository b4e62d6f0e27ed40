/** `configCopy`: the config file itself is kept beside the backups, readable for these keys alone. */
export interface ConfigCopySettings {
  readonly recipients: readonly string[];
  /** Names of destinations. */
  readonly to: readonly string[];
}
