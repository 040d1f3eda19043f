// The documentation uses the words of Kafka's producer, of winston and of Node. Names of our own need a glossary.
import { describe, expect, it } from 'vitest';
import { ALL, lineAt } from './pages.ts';

// Words of everyday English that the code once gave a meaning of its own (ways, place, turn, take, prints) are not among these.
const PRIVATE = [
  ...[
    'heirs?',
    'bequest',
    'bequeath\\w*',
    'last will',
    'aftermath',
    'verdicts?',
    'shelf',
    'shelves',
    'lanes?',
  ],
  ...[
    'backlog',
    'shippers?',
    'intake',
    'loose',
    'unbound',
    'corner\\w*',
    'suspects?',
    'suspected',
    'sentence[ds]?',
  ],
  ...['troubles?', 'excuse[ds]?', 'intrusions?', 'farewell', 'parked', 'DeepQueue', 'RankedQueue'],
  ...['PackedRecords', 'letGo', 'its like', 'wakes?', 'stakes?', 'quarantin\\w*'],
];
const WORD = new RegExp(`\\b(${PRIVATE.join('|')})\\b`, 'gi');

/** Files of the source may still be named by them: `scenarios/faults/outage`. */
const PATHS = /`[\w-]+(?:\/[\w.-]+)+`/g;

function privateWordsIn(page: string): string[] {
  const text = page.replace(PATHS, (path) => ' '.repeat(path.length));
  return [...text.matchAll(WORD)].map(({ 0: word, index }) => `line ${lineAt(text, index)}: ${word}`);
}

describe('what people read', () => {
  it.each(ALL)('has no words of our own: $path', ({ text }) => {
    expect(privateWordsIn(text)).toEqual([]);
  });

  it('would be found out', () => {
    expect(privateWordsIn('one\nA lane, and its heirs.')).toEqual(['line 2: lane', 'line 2: heirs']);
  });
});
