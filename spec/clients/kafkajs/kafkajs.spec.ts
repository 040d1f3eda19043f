import { describe, expect, it, vi } from 'vitest';

const KAFKAJS = '../../../lib/clients/kafkajs/kafkajs.ts';
const LOADER = '../../../lib/clients/kafkajs/load-kafkajs.ts';

/** The module, with a loader that does as told. */
async function loadedBy(load: () => unknown): Promise<() => unknown> {
  vi.resetModules();
  vi.doMock(LOADER, () => ({ loadKafkajs: load }));
  const { kafkajs } = (await import(KAFKAJS)) as { kafkajs: () => unknown };
  return kafkajs;
}

describe('kafkajs', () => {
  it('is loaded once, when it is first asked for', async () => {
    const load = vi.fn(() => ({ Kafka: 'class' }));
    const kafkajs = await loadedBy(load);
    expect(load).not.toHaveBeenCalled();
    expect([kafkajs(), kafkajs()]).toEqual([{ Kafka: 'class' }, { Kafka: 'class' }]);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["Cannot find module 'kafkajs'\nRequire stack: …", ': npm install kafkajs'],
    ['Unexpected token', '(Unexpected token)'],
  ])('that cannot be loaded is an error of the option (%s)', async (message, said) => {
    const cause = new Error(message);
    const kafkajs = await loadedBy(() => {
      throw cause;
    });
    expect(kafkajs).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION', option: 'kafka', cause }));
    expect(kafkajs).toThrow(said);
  });

  it('that could not be loaded is asked for again', async () => {
    const load = vi
      .fn<() => unknown>(() => ({ Kafka: 'class' }))
      .mockImplementationOnce(() => {
        throw new Error('busy');
      });
    const kafkajs = await loadedBy(load);
    expect(kafkajs).toThrow('busy');
    expect(kafkajs()).toEqual({ Kafka: 'class' });
  });
});
