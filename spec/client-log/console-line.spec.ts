import { expect, it, onTestFinished, vi } from 'vitest';
import { consoleLine } from '../../lib/client-log/console-line.ts';
import { stderrLines } from '../../lib/client-log/stderr.ts';

it('prints one safe line, whatever it is given', () => {
  const print = vi.spyOn(stderrLines, 'print').mockImplementation(() => {});
  onTestFinished(() => print.mockRestore());
  consoleLine('warn', 'winston-kafkajs: broker unreachable\n(password=hunter2)');
  expect(() => consoleLine('error', Object.create(null))).not.toThrow();
  print.mockImplementation(() => {
    throw new Error('no');
  });
  expect(() => consoleLine('error', 'm')).not.toThrow();
  expect(print.mock.calls.map(([line]) => line.slice(25))).toEqual([
    'WARN winston-kafkajs: broker unreachable\\n(password=***',
    'ERROR (unreadable)',
    'ERROR m',
  ]);
});
