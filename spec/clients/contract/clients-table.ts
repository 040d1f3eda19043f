import { ALL_CLIENTS, type ClientUnderTest } from './clients.ts';

const HEADER = `| what the suite holds it to | ${ALL_CLIENTS.map(({ name }) => name).join(' | ')} |`;
const RULE = `| ${Array(ALL_CLIENTS.length + 1)
  .fill('---')
  .join(' | ')} |`;

const answer = (is: boolean): string => (is ? 'yes' : 'no');

/** What the specs of this folder ask each client for, or ask it not to claim. */
const POINTS: Readonly<Record<string, (client: ClientUnderTest) => string>> = {
  'newest version of Produce': ({ produceVersion }) => String(produceVersion),
  'codecs of its own': ({ codecs }) => codecs.join(', '),
  'codecs that the application registers': ({ sharesCodecs }) => answer(sharesCodecs),
  '`compressionLevel`': ({ hasCompressionLevel }) => answer(hasCompressionLevel),
  'may be idempotent (a producer of yours by its own settings: the option `idempotent` throws there)': ({
    isIdempotent,
  }) => answer(isIdempotent),
  'no duplicate of a batch whose connection is renewed': ({ keepsSequence }) => answer(keepsSequence),
  'names the records that the broker refuses': ({ namedOf }) => answer(namedOf([0]) !== undefined),
  'a batch without keys goes to one partition': ({ choosesPartition }) => answer(choosesPartition),
  'a send without an answer can be cut': ({ isCutByKill }) => answer(isCutByKill),
  'its connections end with the transport': ({ isDisconnectedByClose }) => answer(isDisconnectedByClose),
};

/** The page with the table of the clients as the suite has them. */
export function withClientsTable(page: string): string {
  const begin = page.indexOf(HEADER.slice(0, HEADER.indexOf(' | ')));
  const end = page.indexOf('\n\n', begin);
  if (begin < 0 || end < 0) throw new Error('The page has no table of the clients');
  const rows = Object.entries(POINTS).map(
    ([point, of]) => `| ${point} | ${ALL_CLIENTS.map(of).join(' | ')} |`,
  );
  return `${page.slice(0, begin)}${[HEADER, RULE, ...rows].join('\n')}${page.slice(end)}`;
}
