// A disk that takes no more, in the middle of a record: what does not fit is dropped and handed on, what is written is whole.
import { basename, dirname } from 'node:path';
import { expect, it } from 'vitest';
import { Segment } from '../../lib/spool/segments/segment.ts';
import type { ProgramConfig } from '../scenarios/exits/fixtures/program-config.ts';
import { runProgram } from '../scenarios/exits/fixtures/run-program.ts';
import { runChild } from '../support/child-process.ts';
import { numbered, startCluster } from '../support/harness.ts';
import { directoryOfSpec, filesIn } from './rig.ts';

const TOPIC = 'full-disk';

it('each record is either on disk, whole, or with the fallback', { timeout: 40_000 }, async () => {
  const directory = directoryOfSpec();
  const cluster = await startCluster({ topics: { [TOPIC]: 1 } });
  const PROGRAM = JSON.stringify({
    act: 'logs and ends',
    topic: TOPIC,
    brokers: ['127.0.0.1:1'],
    fallback: 'prints',
    options: { spool: { directory }, buffer: { maxRecords: 100 }, closeTimeoutMs: 300 },
  } satisfies ProgramConfig);
  const program = new URL('../scenarios/exits/fixtures/program.ts', import.meta.url);
  const first = await runChild(program, { env: { PROGRAM }, maxFileKiB: 16 });
  expect(first.code).toBe(0);
  const handedOn = [...first.stdout.matchAll(/^overflow: (.*)$/gm)].map(([, text = '']) => text);
  expect(handedOn.length).toBeGreaterThan(0);
  const segments = filesIn(directory).filter((file) => file.endsWith('.seg'));
  expect(segments.length).toBeGreaterThan(1);
  for (const file of segments) {
    expect(new Segment(dirname(file), basename(file, '.seg')).adopt(), 'damaged stretches').toBe(0);
  }
  const second = await runProgram(cluster, {
    act: 'logs nothing',
    topic: TOPIC,
    options: { spool: { directory } },
  });
  expect(second.values).toEqual(numbered(500).filter((text) => !handedOn.includes(text)));
  expect(filesIn(directory)).toEqual([]);
});
