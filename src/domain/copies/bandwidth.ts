/** How fast a storage may be used at a time of day. */
export interface BandwidthRule {
  /** Minutes since midnight, 0 to 1439. */
  readonly fromMinute: number;
  /** The first minute that it does not hold for. Before `fromMinute`: past midnight. Equal to it: all day. */
  readonly toMinute: number;
  /** Of both ways together; more than 0. */
  readonly bytesPerSecond: number;
}

/** What holds at a minute of the day: of several rules the strictest; null where none speaks. */
export function bandwidthAt(rules: readonly BandwidthRule[], minuteOfDay: number): number | null {
  const rates = rules.filter((rule) => holdsAt(rule, minuteOfDay)).map((rule) => rule.bytesPerSecond);
  return rates.length === 0 ? null : Math.min(...rates);
}

function holdsAt({ fromMinute, toMinute }: BandwidthRule, minute: number): boolean {
  if (fromMinute === toMinute) return true;
  const isAfterStart = minute >= fromMinute;
  const isBeforeEnd = minute < toMinute;
  return fromMinute < toMinute ? isAfterStart && isBeforeEnd : isAfterStart || isBeforeEnd;
}
