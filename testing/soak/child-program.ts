// The process of a `ChildLife`: does what it is told, until it is told to end, or killed.
import '../../spec/support/quiet-stderr.ts';
import { appendFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { ChildEnding, Entry, ToChild } from './child-life.ts';
import { Life } from './life.ts';

const PER_TURN = 5;

const ENDINGS: Record<ChildEnding, (life: Life, from: number, records: number) => unknown> = {
  'runs dry': (life, from, records) => {
    void life.take({ do: 'log', from, records });
    process.disconnect();
  },
  'process.exit': (life, from, records) => {
    void life.take({ do: 'log', from, records });
    process.exit();
  },
  SIGKILL: async (life, from, records) => {
    for (let logged = 0; logged < records; ) {
      const now = Math.min(PER_TURN, records - logged);
      void life.take({ do: 'log', from: from + logged, records: now });
      await turn();
      logged += now;
      process.send?.(logged);
    }
  },
};

let life: Life | undefined;
let diary = '';

function note(entry: Entry): void {
  appendFileSync(diary, `${JSON.stringify(entry)}\n`);
}

async function obey(message: ToChild): Promise<void> {
  if (message.do === 'begin') {
    diary = message.diary;
    life = new Life(message.config, {
      onHandedOn: (number) => note({ handedOn: number }),
      onMishap: (mishap) => note({ mishap }),
    });
  } else if (life === undefined) {
    throw new Error(`told to ${message.do} before it has begun`);
  } else if (message.do === 'end') {
    await ENDINGS[message.how](life, message.from, message.records);
    return;
  } else {
    await life.take(message);
  }
  // What has been logged in an earlier turn is on disk.
  await turn();
  process.send?.(0);
}

process.on('message', (message: ToChild) => void obey(message));
process.on('unhandledRejection', (error) => note({ mishap: `unhandled: ${String(error)}` }));
