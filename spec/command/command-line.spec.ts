import { describe, expect, it } from 'vitest';
import {
  type CommandLine,
  type CommandName,
  commandLine,
  isCommand,
  meant,
  milliseconds,
  needed,
} from '../../lib/command/command-line.ts';
import { UsageError } from '../../lib/command/usage-error.ts';

const lineWith = (texts: CommandLine['texts']): CommandLine => ({ texts, flags: {}, positionals: [] });

it.each([
  ['check', true],
  ['tail', true],
  ['spool', true],
  ['Tail', false],
  ['toString', false],
  [undefined, false],
])('%s is a command: %s', (name, is) => {
  expect(isCommand(name)).toBe(is);
});

describe('a command line', () => {
  it.each<[CommandName, string[], string[]]>([
    ['check', ['topic', 'timeout'], ['json', 'no-record']],
    ['tail', ['topic', 'level', 'grep', 'since', 'until'], ['follow']],
    ['spool', ['timeout'], ['print', 'replay', 'json']],
  ])('of %s has the options of all commands and its own: texts and flags', (command, texts, flags) => {
    const [allTexts, allFlags] = [
      ['brokers', 'config', ...texts],
      ['help', 'ssl', ...flags],
    ];
    const args = [...allTexts.map((name) => `--${name}=of ${name}`), ...allFlags.map((name) => `--${name}`)];
    expect(commandLine(command, args)).toEqual({
      texts: Object.fromEntries(allTexts.map((name) => [name, `of ${name}`])),
      flags: Object.fromEntries(allFlags.map((name) => [name, true])),
      positionals: [],
    });
  });

  it.each<[CommandName, string[], string]>([
    ['check', ['--level', 'info'], "Unknown option '--level'"],
    ['tail', ['--no-record'], "Unknown option '--no-record'"],
    ['spool', ['--topics', 'a'], "Unknown option '--topics'"],
    ['check', ['logs'], "Unexpected argument 'logs'"],
    ['tail', ['--topic'], 'argument missing'],
    ['tail', ['--follow=yes'], 'does not take an argument'],
  ])('%s %j is refused', (command, args, words) => {
    expect(() => commandLine(command, args)).toThrow(UsageError);
    expect(() => commandLine(command, args)).toThrow(words);
  });

  it.each<[CommandName, string, string]>([
    ['check', '--topics', ' Did you mean --topic?'],
    ['tail', '--untill', ' Did you mean --until?'],
    ['check', '--no-records', ' Did you mean --no-record?'],
    // An option of another command is none here.
    ['check', '--folow', ''],
  ])('of %s with %s names the option that was meant, of its own: "%s"', (command, arg, hint) => {
    const [, found = ''] = /( Did you mean .*)?$/.exec(messageOf(() => commandLine(command, [arg]))) ?? [];
    expect(found).toBe(hint);
  });

  it('of spool has directories beside the options', () => {
    expect(commandLine('spool', ['one', '--print', 'two']).positionals).toEqual(['one', 'two']);
  });
});

describe('a password', () => {
  const words = 'A password is not taken from the command line';

  it.each([
    ...['--password', '--passwd', '--pass', '--token', '--secret', '--sasl-password', '--saslPassword'],
    ...['--password=hunter2', '-password', '--SASL-SECRET=hunter2'],
  ])('as %s is refused, and not repeated', (arg) => {
    const said = messageOf(() => commandLine('spool', ['directory', arg, 'hunter2']));
    expect(said).toContain(words);
    expect(said).not.toContain('hunter2');
  });

  it.each(['password', '--passwords', '---password', 'a --password'])('is not meant by %s', (arg) => {
    expect(() => commandLine('tail', ['--grep', arg])).not.toThrow(words);
  });
});

describe('what was meant', () => {
  it('is the nearest name, with what stands before it', () => {
    expect(meant('chekc', ['tail', 'check'])).toBe(' Did you mean check?');
    expect(meant('topc', ['topic'], '--')).toBe(' Did you mean --topic?');
  });

  it('is not guessed where no name is near', () => {
    expect(meant('grafana', ['tail', 'check'])).toBe('');
  });
});

it('an option that is needed is there, or it is said which is missing', () => {
  expect(needed(lineWith({ topic: 'logs' }), 'topic')).toBe('logs');
  for (const texts of [{}, { topic: '' }])
    expect(() => needed(lineWith(texts), 'topic')).toThrow(new UsageError('--topic is missing.'));
});

describe('milliseconds', () => {
  it.each<[string | undefined, number]>([
    [undefined, 5_000],
    ['1', 1],
    ['2147483647', 2_147_483_647],
  ])('%s: %i', (timeout, value) => {
    expect(milliseconds(lineWith({ timeout }), 'timeout', 5_000)).toBe(value);
  });

  it.each(['', '0', '-1', '1.5', '2147483648', '5s', 'Infinity'])('are not "%s"', (timeout) => {
    expect(() => milliseconds(lineWith({ timeout }), 'timeout', 5_000)).toThrow(
      new UsageError('--timeout must be a whole number of milliseconds from 1 to 2147483647.'),
    );
  });
});

function messageOf(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    return (error as Error).message;
  }
  return expect.unreachable('it throws');
}
