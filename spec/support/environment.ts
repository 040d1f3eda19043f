/** What the environment of this run must not tell programs that are test runners, or users of one, themselves. */
const OWN = /^(VITEST|JEST_|NODE_ENV$|NODE_OPTIONS$|NODE_TEST_CONTEXT$|TEST$|FORCE_COLOR$)/;

/** The environment without what belongs to this run of the specs. */
export function environmentOfAUser(): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !OWN.test(name));
  return { ...Object.fromEntries(inherited), NO_COLOR: '1' };
}
