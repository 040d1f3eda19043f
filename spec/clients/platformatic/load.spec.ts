import { describe, expect, it } from 'vitest';
import { checkNode, loadPlatformatic } from '../../../lib/clients/platformatic/load.ts';
import { KafkaTransport } from '../../../lib/index.ts';
import { platformaticClient } from '../../../lib/platformatic.ts';
import { untilDown, warningsOf } from '../../scenarios/faults/rig.ts';
import { loggerWith, tracked } from '../../support/harness.ts';
import { describeWithPlatformatic } from './rig.ts';

const name = '@platformatic/kafka';

async function notFound(): Promise<never> {
  const error = new Error("Cannot find package '@platformatic/kafka'");
  throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
}

describe('@platformatic/kafka', () => {
  it.each(['20.20.2', '22.12.0', '22.21.1', '21.7.3'])('is refused on Node %s', (version) => {
    expect(() => checkNode(version)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', option: 'client' }),
    );
    expect(() => checkNode(version)).toThrow(`needs Node 22.22 or later; this is ${version}`);
  });

  it.each(['22.22.0', '22.30.1', '23.0.0', '24.6.0', '26.0.0'])('is used on Node %s', (version) => {
    expect(checkNode(version)).toBeUndefined();
  });

  it.each([
    ['cannot be found', notFound, "Cannot find package '@platformatic/kafka'"],
    ['has no producer', async () => ({}), 'has no Producer'],
  ])('that %s is an error which says to install it', async (_, load, words) => {
    await expect(loadPlatformatic({ name, load })).rejects.toThrow(words);
    await expect(loadPlatformatic({ name, load })).rejects.toThrow('npm install @platformatic/kafka@2');
  });

  it.each([
    [
      'Jest',
      'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG',
      'start Jest with NODE_OPTIONS=--experimental-vm-modules',
    ],
    ['a bundle without its files', 'ENOENT', 'leave it out of that, as an external package'],
  ])(
    'that is installed, and cannot be imported from %s, is an error which says what to do',
    async (_, code, words) => {
      const load = async (): Promise<never> => {
        throw Object.assign(new Error('no'), { code });
      };
      await expect(loadPlatformatic({ name, load })).rejects.toThrow(words);
      await expect(loadPlatformatic({ name, load })).rejects.not.toThrow('npm install');
    },
  );

  it('is imported by platformaticClient() when it is asked for', async () => {
    expect(typeof (await loadPlatformatic(platformaticClient())).Producer).toBe('function');
  });
});

describeWithPlatformatic('a transport with @platformatic/kafka', () => {
  it('imports it when the first client connects, and no sooner', async () => {
    let loads = 0;
    const load = async (): Promise<never> => {
      loads++;
      return await notFound();
    };
    const transport = tracked(
      new KafkaTransport({
        topic: 'logs',
        kafka: { brokers: ['127.0.0.1:9092'] },
        client: { name, load },
        closeTimeoutMs: 20,
      }),
    );
    const warnings = warningsOf(transport);
    expect(loads).toBe(0);
    loggerWith(transport).info('record');
    await untilDown(transport);
    expect(loads).toBeGreaterThan(0);
    expect(warnings[0]?.message).toContain('npm install @platformatic/kafka@2');
  });
});
