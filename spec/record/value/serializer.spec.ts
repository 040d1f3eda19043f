import { describe, expect, it } from 'vitest';
import { isGuarded } from '../../../lib/loop-safety/guard.ts';
import type { TransportEntry } from '../../../lib/record/record.ts';
import { type Serialize, Serializer } from '../../../lib/record/value/serializer.ts';

const ENTRY: TransportEntry = {
  level: 'info',
  message: 'paid',
  time: 0,
  info: { level: 'info', message: 'paid' },
  origin: undefined,
};
const CONSEQUENCE = 'the record is dropped as invalid';

class Rig {
  readonly warnings: unknown[][] = [];
  readonly serializer: Serializer;

  constructor(serialize: (entry: TransportEntry) => unknown) {
    this.serializer = new Serializer(serialize as Serialize, {
      callbackFailed: (...all) => this.warnings.push(['failed', ...all]),
      invalidReturn: (...all) => this.warnings.push(['invalid', ...all]),
    });
  }

  ask(): unknown {
    return this.serializer.serialize(ENTRY);
  }
}

const refused = (): Error => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

describe('Serializer', () => {
  it.each([
    ['a text', 'x'],
    ['an empty text', ''],
    ['bytes', Buffer.from([0, 255])],
    ['no bytes', Buffer.alloc(0)],
  ])('has the value at once: %s', (_, value) => {
    const rig = new Rig((entry) => (entry === ENTRY ? value : 'of another'));
    expect(rig.ask()).toEqual({ kind: 'value', value });
    expect(rig.warnings).toEqual([]);
  });

  it('copies bytes: the caller may write over them', () => {
    const bytes = Buffer.from('before');
    const result = new Rig(() => bytes).ask() as { value: Buffer };
    bytes.fill('x');
    expect(String(result.value)).toBe('before');
  });

  it.each<[string, unknown]>([
    ['a number', 1],
    ['undefined', undefined],
    ['null', null],
    ['an object', {}],
    ['other bytes', new Uint8Array(1)],
  ])('has failed, and says so, where it gives %s', (_, given) => {
    const rig = new Rig(() => given);
    expect(rig.ask()).toMatchObject({ kind: 'failed', cause: expect.any(Error) });
    const expected = 'a string or a Buffer, or a promise of one';
    expect(rig.warnings).toEqual([['invalid', 'serialize', expected, given, CONSEQUENCE]]);
  });

  it('has failed, and says so, where it throws', () => {
    const cause = new Error('no');
    const rig = new Rig(() => {
      throw cause;
    });
    expect(rig.ask()).toEqual({ kind: 'failed', cause });
    expect(rig.warnings).toEqual([['failed', 'serialize', cause, CONSEQUENCE]]);
  });

  it('has failed where the bytes throw as they are copied', () => {
    const cause = new Error('no');
    const bytes = Object.defineProperty(Buffer.from('x'), 'length', {
      get: () => {
        throw cause;
      },
    });
    const rig = new Rig(() => bytes);
    expect(rig.ask()).toEqual({ kind: 'failed', cause });
    expect(rig.warnings).toEqual([['failed', 'serialize', cause, CONSEQUENCE]]);
  });

  it('tells an outage from a failure, and warns of none', () => {
    const cause = refused();
    const rig = new Rig(() => {
      throw cause;
    });
    expect(rig.ask()).toEqual({ kind: 'outage', cause });
    expect(rig.serializer.failed(cause)).toEqual({ kind: 'outage', cause });
    expect(rig.warnings).toEqual([]);
  });

  it('hands a promise on, whose answer is checked later', async () => {
    const rig = new Rig(async () => 'late');
    const answer = rig.ask();
    expect(answer).toBeInstanceOf(Promise);
    expect(rig.serializer.checked(await answer)).toEqual({ kind: 'value', value: 'late' });
  });

  it('calls it inside the flag: until it has returned, or its promise has settled', async () => {
    const seen: boolean[] = [];
    const rig = new Rig(async () => {
      seen.push(isGuarded());
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(isGuarded());
      return 'x';
    });
    const answer = rig.ask();
    seen.push(isGuarded());
    await answer;
    expect(seen).toEqual([true, false, true]);
  });

  it('copies inside the flag: a getter on the bytes may log', () => {
    let isInside: boolean | undefined;
    const bytes = Object.defineProperty(Buffer.from('x'), 'length', {
      get: () => {
        isInside = isGuarded();
        return 1;
      },
    });
    new Rig(() => bytes).ask();
    expect(isInside).toBe(true);
  });

  it('asks a thenable that is no promise once, inside the flag', async () => {
    const asked: boolean[] = [];
    const lazy = {
      // biome-ignore lint/suspicious/noThenProperty: as query builders have one
      then: (resolve: (value: string) => void) => {
        asked.push(isGuarded());
        resolve('x');
      },
    };
    expect(await new Rig(() => lazy).ask()).toBe('x');
    expect(asked).toEqual([true]);
  });
});
