// What is shown of a record, whatever stands in it.
import { describe, expect, it } from 'vitest';
import { recordLine, shownRecord } from '../../lib/command/record-line.ts';
import { Screen } from '../../lib/command/screen.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const PIPE = new Screen({ write: () => undefined }, {});

describe('a record', () => {
  it.each<[unknown, string]>([
    [{ level: 'info', message: 'paid', timestamp: '11:59' }, 'info    paid'],
    [{ level: '\u001b[32minfo\u001b[39m', message: 'paid' }, 'info    paid'],
    [{ level: 'info', message: { order: 7 }, user: 'a' }, 'info    {"order":7} {"user":"a"}'],
    [{ level: 'info' }, 'info    ""'],
    [{ level: 5, message: 'paid' }, '-       {"level":5,"message":"paid"}'],
    [['info', 'paid'], '-       ["info","paid"]'],
  ])('%j is shown as %j', (value, shown) => {
    expect(recordLine(shownRecord(NOON, JSON.stringify(value)), PIPE)).toBe(
      `2026-01-01T12:00:00.000Z ${shown}`,
    );
  });

  it('of a time that no date has is shown with its number', () => {
    expect(recordLine(shownRecord(9e15, 'paid'), PIPE)).toBe('9000000000000000 -       paid');
  });
});

it.each([
  [{ isTTY: true }, {}, true],
  [{ isTTY: true }, { TERM: 'xterm', NO_COLOR: '' }, true],
  [{ isTTY: true }, { NO_COLOR: '1' }, false],
  [{ isTTY: true }, { TERM: 'dumb' }, false],
  [{ isTTY: false }, {}, false],
])('a terminal (%j) in an environment of %j has colours: %j', (out, env, hasColours) => {
  const screen = new Screen({ write: () => undefined, ...out }, env);
  expect(screen.paint('red', 'x')).toBe(hasColours ? '\u001b[31mx\u001b[39m' : 'x');
});
