import { defineConfig, type Plugin } from 'vitest/config';
import { isProgramModule } from './.ci/program-module.js';

// What has to hold in both modes runs a second time (`npm run test:worker`), with `worker: true` for every transport that the
// harness makes.
const IN_BOTH_MODES = ['scenarios/loops', 'scenarios/faults', 'scenarios/exits', 'winston'].map(
  (name) => `spec/${name}/**/*.spec.ts`,
);
const NOT_FOR_A_WORKER = [
  // All of their transports have something that stays in its thread: a producer, or functions in `kafka`.
  'spec/scenarios/faults/callers-producer.spec.ts',
  'spec/scenarios/faults/connection-that-breaks-within-an-answer.spec.ts',
  'spec/scenarios/loops/client-log-to-the-same-logger.spec.ts',
  'spec/scenarios/loops/own-producer-handed-in.spec.ts',
  'spec/scenarios/loops/providers-that-log.spec.ts',
  // They have no transport of the harness's.
  'spec/scenarios/loops/hand-written-transport.spec.ts',
  'spec/scenarios/loops/no-async-store.spec.ts',
  'spec/scenarios/loops/two-copies-of-the-package.spec.ts',
  'spec/winston/marks-leave-no-trace.spec.ts',
  'spec/winston/logger-tap.spec.ts',
  // They ask for a worker themselves.
  'spec/scenarios/faults/worker-thread.spec.ts',
  'spec/scenarios/faults/preloads-and-the-thread.spec.ts',
  'spec/scenarios/faults/no-thread-possible.spec.ts',
  'spec/scenarios/exits/exit-with-worker.spec.ts',
  // The specs of winston once more, on another stream below: no client has to do with that.
  'spec/winston/readable-stream-4.spec.ts',
];
// What has a process of its own for each file: it fakes globals or the one clock, loads modules anew, or counts the process's listeners. All other
// files share processes, which saves a third of the CPU time: reading the library takes longer than most of them.
const ISOLATED = [
  'spec/time/system-timers.spec.ts',
  'spec/loop-safety/guard.spec.ts',
  'spec/loop-safety/filter/filter.spec.ts',
  'spec/observe/prometheus.spec.ts',
  'spec/clients/client-source.spec.ts',
  'spec/clients/worker/checked-once.spec.ts',
  'spec/clients/external-producer.spec.ts',
  'spec/clients/kafkajs/guarded-config.spec.ts',
  'spec/clients/kafkajs/kafkajs.spec.ts',
  'spec/clients/kafkajs/workarounds-load-ahead.spec.ts',
  'spec/scenarios/loops/two-copies-of-the-package.spec.ts',
  'spec/process/process-exit.spec.ts',
  'spec/process/signals.spec.ts',
  'spec/process/signal-that-ends-the-process.spec.ts',
];
const UNITS = [
  ...[
    'accumulator',
    'client-log',
    'command',
    'docs',
    'formats',
    'loop-detector',
    'loop-safety',
    'observe',
    'options',
    'pipeline',
  ],
  ...['protocol', 'readme', 'record', 'sampling', 'sender', 'spool', 'undelivered', 'util'],
].map((name) => `spec/${name}/**/*.spec.ts`);
const APART = ['spec/package/**', 'spec/examples/**', 'spec/kafka/**'];
// Minutes: processes of test runners, preloads, ends of processes, restarts with a spool, sessions that end, random schedules, snippets.
// And what waits for limits in real time. `npm run test:processes`, so that `npm test` stays short.
const OF_PROCESSES = [
  'spec/scenarios/runners/**/*.spec.ts',
  'spec/scenarios/reload/**/*.spec.ts',
  'spec/scenarios/exits/**/*.spec.ts',
  ...[
    ...['preloads-and-the-thread', 'short-sasl-sessions', 'under-traffic', 'worker-thread'],
    ...['unanswered', 'idempotent', 'record-that-cannot-be-encoded'],
  ].map((name) => `spec/scenarios/faults/${name}.spec.ts`),
  'spec/winston/readable-stream-4.spec.ts',
  'spec/loop-detector/a-thousand-patterns.spec.ts',
  'spec/accumulator/queues/held-queues.spec.ts',
  'spec/spool/process-end.spec.ts',
  'spec/command/screen.spec.ts',
  'spec/docs/snippets.spec.ts',
  'testing/soak/soak.spec.ts',
  'demo/demo.spec.ts',
];

// What holds for each Kafka client: `npm run test:clients`. @platformatic/kafka runs where Node is new enough for it.
const OF_CLIENTS = ['spec/clients/contract/**/*.spec.ts', 'spec/clients/platformatic/**/*.spec.ts'];

// The ends of processes once more, with programs that ship through @platformatic/kafka, in a Node that is new enough for it.
const WITH_PLATFORMATIC = [
  ...['natural-exit', 'short-process', 'crash-process', 'signals', 'fallback-that-writes-later'],
  'connection-with-a-session',
].map((name) => `spec/scenarios/exits/${name}.spec.ts`);

// Loops that are found by their rhythm: with other specs beside them, a stall of the machine costs a round. So they run by
// themselves, when the others are done.
const IN_REAL_TIME = ['spec/scenarios/loops/detected/**/*.spec.ts'];
const BY_ITSELF = { include: IN_REAL_TIME, maxWorkers: 1, sequence: { groupOrder: 1 } };

/** Puts the program of shipping threads into its place: see spec/support/bundles.ts. */
const builtProgram: Plugin = {
  name: 'built-program',
  enforce: 'pre',
  resolveId(source, importer) {
    return isProgramModule(source, importer)
      ? { id: String(process.env.SPEC_WORKER_PROGRAM), external: true }
      : undefined;
  },
};

export default defineConfig({
  plugins: [builtProgram],
  test: {
    // Many specs wait for child processes and deadlines rather than compute: more workers than cores.
    maxWorkers: 3,
    globalSetup: ['spec/support/bundles.ts'],
    coverage: {
      provider: 'v8',
      include: ['lib/**/*.ts'],
      // Needs a newer Node than the oldest that the specs run on.
      exclude: ['lib/clients/platformatic/**'],
      thresholds: { lines: 95, branches: 92 },
    },
    // A slow machine is no failure: specs wait for events, and this only ends one that waits in vain.
    testTimeout: 30_000,
    setupFiles: ['spec/support/quiet-stderr.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'in-process',
          include: ['{spec,testing,demo}/**/*.spec.ts'],
          exclude: [...APART, ...UNITS, ...ISOLATED, ...OF_PROCESSES, ...OF_CLIENTS, ...IN_REAL_TIME],
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'units', include: UNITS, exclude: [...ISOLATED, ...OF_PROCESSES], isolate: false },
      },
      { extends: true, test: { name: 'isolated', include: ISOLATED } },
      { extends: true, test: { name: 'clients', include: OF_CLIENTS } },
      {
        extends: true,
        test: {
          name: 'exits-with-platformatic',
          include: WITH_PLATFORMATIC,
          globalSetup: ['spec/support/bundles.ts', 'spec/support/newer-node.ts'],
          env: { SPEC_CLIENT: 'platformatic' },
          // @platformatic/kafka is some 500 files to read for each process.
          maxConcurrency: 2,
        },
      },
      { extends: true, test: { name: 'processes', include: OF_PROCESSES } },
      { extends: true, test: { name: 'in-real-time', ...BY_ITSELF } },
      {
        extends: true,
        test: { name: 'in-real-time-in-a-worker', ...BY_ITSELF, env: { SPEC_WORKER: 'true' } },
      },
      {
        extends: true,
        test: {
          name: 'in-a-worker',
          isolate: false,
          include: IN_BOTH_MODES,
          exclude: [...NOT_FOR_A_WORKER, ...IN_REAL_TIME],
          env: { SPEC_WORKER: 'true' },
        },
      },
    ],
  },
});
