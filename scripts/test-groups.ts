/** The groups of tests, in the order in which they run, and where their files lie. */
export const testGroups = {
  architecture: ["tests/architecture/**/*.test.ts"],
  unit: ["src/**/*.test.ts", "scripts/**/*.test.ts"],
  contract: ["tests/contract/**/*.test.ts", "tests/fakes/**/*.test.ts"],
  faults: ["tests/faults/**/*.test.ts"],
  testbed: ["tests/servers/**/*.test.ts", "tests/fixtures/**/*.test.ts"],
  // The longest first, so that nobody waits for it alone at the end.
  integration: ["tests/integration/real-systemd.test.ts", "tests/integration/**/*.test.ts"],
  "end-to-end": ["tests/end-to-end/guide-*.test.ts", "tests/end-to-end/**/*.test.ts"],
  packaging: ["tests/packaging/**/*.test.ts"],
} as const satisfies Record<string, readonly string[]>;

export type TestGroup = keyof typeof testGroups;

/** Groups that wait for minutes, servers and containers for much of their time: one file more at a time than cores. */
export const waitingGroups: readonly TestGroup[] = ["integration", "end-to-end"];

export function isTestGroup(name: string): name is TestGroup {
  return Object.hasOwn(testGroups, name);
}
