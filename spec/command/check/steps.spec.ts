import { describe, expect, it } from 'vitest';
import { reasonOf, StepFailure, Steps } from '../../../lib/command/check/steps.ts';
import { Screen } from '../../../lib/command/screen.ts';

function shown(isTTY = false) {
  const controller = new AbortController();
  let out = '';
  const screen = new Screen({ isTTY, write: (text) => (out += text) }, {});
  const steps = new Steps(screen, 20_000, controller.signal);
  return { steps, controller, out: () => out };
}

it('a step is a line: its status, its name, what was found; and below that what to do about it', () => {
  const { steps, out } = shown();
  steps.ok('dns', 'found');
  steps.skip('tls', 'not configured');
  steps.warn('in-sync replicas', 'few', 'Add some.');
  steps.fail(new StepFailure('read back', 'two\nlines', 'Do\nthis.'));
  expect(out().split('\n')).toEqual([
    'ok       dns               found',
    'skipped  tls               not configured',
    'warning  in-sync replicas  few',
    '                           Add some.',
    expect.stringMatching(/^failed {3}read back {9}two\S* ?lines$/),
    expect.stringMatching(/^ {27}Do\S* ?this\.$/),
    '',
  ]);
  expect(steps.all).toEqual([
    { name: 'dns', status: 'ok', detail: 'found' },
    { name: 'tls', status: 'skipped', detail: 'not configured' },
    { name: 'in-sync replicas', status: 'warning', detail: 'few', advice: 'Add some.' },
    { name: 'read back', status: 'failed', detail: 'two\nlines', advice: 'Do\nthis.' },
  ]);
});

it('its status has a colour on a terminal', () => {
  const { steps, out } = shown(true);
  steps.ok('dns', 'a');
  steps.warn('dns', 'a', 'b');
  steps.skip('dns', 'a');
  steps.fail(new StepFailure('dns', 'a', 'b'));
  const painted = ['[32mok', '[33mwarning', '[90mskipped', '[31mfailed'];
  expect(painted.filter((text) => !out().includes(`\u001b${text}`))).toEqual([]);
});

it('without a screen steps are only kept', () => {
  const steps = new Steps(undefined, 1, new AbortController().signal);
  steps.warn('dns', 'a', 'b');
  expect(steps.all).toHaveLength(1);
});

describe('what a step does', () => {
  it('has its result, or its error', async () => {
    const { steps } = shown();
    expect(await steps.within('a', async () => 7)).toBe(7);
    await expect(
      steps.within('a', async () => {
        throw new Error('it failed');
      }),
    ).rejects.toThrow('it failed');
  });

  it('has a limit, which can be another one', async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    const steps = new Steps(undefined, 2, new AbortController().signal);
    await expect(steps.within('this', never)).rejects.toThrow('this did not end within 2 ms');
    await expect(steps.within('that', never, 1)).rejects.toThrow('that did not end within 1 ms');
  });
});

describe('after Ctrl-C', () => {
  it('what is under way is over', async () => {
    const { steps, controller } = shown();
    const waiting = steps.within('a', () => new Promise(() => undefined));
    controller.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
  });

  it('no step is added, and none begins', () => {
    const { steps, controller, out } = shown();
    controller.abort(new Error('interrupted'));
    let begun = 0;
    expect(() => steps.within('a', async () => begun++)).toThrow('interrupted');
    expect(() => steps.ok('dns', 'found')).toThrow('interrupted');
    expect([begun, out(), steps.all]).toEqual([0, '', []]);
  });

  it('nobody has to wait for it', async () => {
    const rejected: unknown[] = [];
    const note = (reason: unknown): void => void rejected.push(reason);
    process.on('unhandledRejection', note);
    shown().controller.abort(new Error('interrupted'));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(rejected).toEqual([]);
  });
});

it.each([
  [new Error('one'), 'one'],
  [new AggregateError([new Error('first'), new Error('second')]), 'first'],
  [new AggregateError([new Error('only')]), 'only'],
  [new AggregateError([], 'of none'), 'of none'],
  [Object.assign(new Error('its own'), { errors: 'no list' }), 'its own'],
])('the reason of %s is "%s"', (error, reason) => {
  expect(reasonOf(error)).toBe(reason);
});
