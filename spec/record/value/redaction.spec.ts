import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Redaction } from '../../../lib/record/value/redaction.ts';
import { type Info, LEVEL, MESSAGE } from '../../../lib/util/info.ts';

const SPLAT = Symbol.for('splat');
const redaction = new Redaction([
  'password',
  'headers.authorization',
  'users[*].token',
  '*.secret',
  'a["x-y"]',
]);

const textOf = (fields: object): string => redaction.text({} as Info, JSON.stringify(fields));

describe('a JSON text', () => {
  it.each<[string, object, object]>([
    ['a field', { password: 'p', n: 1 }, { password: '[REDACTED]', n: 1 }],
    [
      'a field of a field',
      { headers: { authorization: 'Bearer x', host: 'a' } },
      { headers: { authorization: '[REDACTED]', host: 'a' } },
    ],
    [
      'a field of each of a list',
      { users: [{ token: 1 }, { token: 2, n: 3 }] },
      { users: [{ token: '[REDACTED]' }, { token: '[REDACTED]', n: 3 }] },
    ],
    [
      'a field of any field',
      { db: { secret: 's' }, mq: { secret: 't' } },
      { db: { secret: '[REDACTED]' }, mq: { secret: '[REDACTED]' } },
    ],
    ['a name in brackets', { a: { 'x-y': 1 } }, { a: { 'x-y': '[REDACTED]' } }],
    ['whatever the value is', { password: { deep: ['p'] } }, { password: '[REDACTED]' }],
    [
      'beside a field called restore',
      { password: 'p', restore: 'r' },
      { password: '[REDACTED]', restore: 'r' },
    ],
  ])('has it taken out: %s', (_what, fields, redacted) => {
    expect(JSON.parse(textOf(fields))).toEqual(redacted);
  });

  it.each<[string, string]>([
    ['has nothing of it', '{"a":1,"headers":{"host":"a"}}'],
    ['is written in another way', '{ "b" : 1.0, "headers": null }'],
    ['has something else there', '{"headers":"none","users":{"token":1},"db":5}'],
  ])('stays as it is where it %s', (_what, text) => {
    expect(redaction.text({} as Info, text)).toBe(text);
  });

  it('has it taken out where a path with a name and one with a wildcard meet', () => {
    const both = new Redaction(['user.password', '*.*.password']);
    const text = JSON.stringify({ user: { password: 'p', credentials: { password: 'q' } } });
    expect(JSON.parse(both.text({} as Info, text))).toEqual({
      user: { password: '[REDACTED]', credentials: { password: '[REDACTED]' } },
    });
    const deeper = JSON.stringify({ user: { credentials: { password: 'q' } } });
    expect(both.text({} as Info, deeper)).toBe('{"user":{"credentials":{"password":"[REDACTED]"}}}');
  });

  it('has never a value of those paths in it', () => {
    const value = fc.constantFrom('SECRET-1', 'SECRET-2');
    const fields = fc.record(
      {
        password: value,
        headers: fc.record({ authorization: value, host: fc.string() }, { requiredKeys: [] }),
        users: fc.array(fc.record({ token: value, name: fc.string() }, { requiredKeys: [] })),
        db: fc.record({ secret: value }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fields, (given) => {
        expect(textOf(given)).not.toContain('SECRET');
      }),
    );
  });
});

describe('another text', () => {
  it('gives way to the redacted info, as JSON', () => {
    const info = { level: 'info', message: 'in', password: 'p', [LEVEL]: 'info' } as Info;
    for (const text of ['info: in {"password":"p"}', '{"password":"p', '["p"]'])
      expect(JSON.parse(redaction.text(info, text))).toEqual({
        level: 'info',
        message: 'in',
        password: '[REDACTED]',
      });
  });

  it('has out what a toJSON writes', () => {
    const info = {
      message: 'in',
      headers: { toJSON: () => ({ authorization: 'Bearer x' }) },
    } as unknown as Info;
    expect(redaction.text(info, 'in')).not.toContain('Bearer');
  });

  it('cannot be sent where the info cannot be written', () => {
    const unreadable = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    ) as Info;
    expect(() => redaction.text(unreadable, 'text')).toThrow('nothing can be redacted');
  });
});

describe('an info', () => {
  it('is a copy without them, and without the arguments of the log call', () => {
    const info = {
      level: 'info',
      password: 'p',
      headers: { authorization: 'x' },
      [LEVEL]: 'info',
      [SPLAT]: [{ password: 'p' }],
    } as Info;
    const shown = redaction.info(info, 'info', 'text');
    expect(shown).toEqual({
      level: 'info',
      password: '[REDACTED]',
      headers: { authorization: '[REDACTED]' },
      [LEVEL]: 'info',
      [MESSAGE]: 'text',
    });
    expect(info).toMatchObject({ password: 'p', headers: { authorization: 'x' } });
    expect(SPLAT in shown).toBe(false);
  });
});
