// What `readBrokers` takes, as regular expressions of the JSON schema: a spec holds the two against each other.

const HEX = '[0-9a-fA-F]{1,4}';
const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]\\d|\\d)';
const IPV4 = `${BYTE}(?:\\.${BYTE}){3}`;

/** As Node's `isIPv6` has it (lib/internal/net.js): by the number of groups before the one `::`. */
const IPV6 = [
  `(?:${HEX}:){7}(?:${HEX}|:)`,
  `(?:${HEX}:){6}(?:${IPV4}|:${HEX}|:)`,
  ...[5, 4, 3, 2, 1, 0].map((groups) => {
    const before = groups === 0 ? ':' : `(?:${HEX}:){${groups}}`;
    const left = 5 - groups;
    return `${before}(?:(?::${HEX}){0,${left}}:${IPV4}|(?::${HEX}){1,${left + 2}}|:)`;
  }),
].join('|');

const PORT = '(?!0+(?:\\D|$))(?:[0-5]?\\d{1,4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])(?!\\d)';
// Letters and digits of any script, as in a host name that is not yet in its ASCII form.
const LABEL = '[\\p{L}\\p{M}\\p{N}_-]+';
const HOST = `(?!(?:undefined|null):)${LABEL}(?:\\.${LABEL})*\\.?`;
const ADDRESS = `(?:${HOST}|\\[(?:${IPV6})(?:%[0-9a-zA-Z.-]+)?\\]):${PORT}`;

/** One `host:port`. */
export const ADDRESS_PATTERN: string = `^${ADDRESS}$`;
/** Several, with commas between them. */
export const ADDRESSES_PATTERN: string = `^[\\s,]*${ADDRESS}(?:\\s*,[\\s,]*${ADDRESS})*[\\s,]*$`;
