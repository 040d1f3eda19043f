// The command as users run it: a process of its own, whose output goes into a pipe.
import type { Step } from '../../../lib/command/check/steps.ts';
import { type ChildResult, runChild } from '../../support/child-process.ts';
import { type CheckCluster, USERS } from './check-cluster.ts';

const PROGRAM = new URL('../../command/fixtures/program.ts', import.meta.url);
const SHIFTED_CLOCK = new URL('shifted-clock.mjs', import.meta.url).href;

export interface Setup {
  /** A listener of the cluster, or an address. */
  readonly at: Parameters<CheckCluster['address']>[0] | { readonly address: string };
  readonly topic?: string;
  readonly user?: keyof typeof USERS;
  readonly password?: string;
  readonly mechanism?: string;
  /** TLS, and whose certificate is trusted. */
  readonly tls?: 'TLS' | 'EXPIRED' | 'nobody';
  /** By how much this machine's clock is off. */
  readonly clockMs?: number;
  readonly args?: readonly string[];
}

// Set or not on the machine that runs the specs: it is none of the command's here.
const NO_SETTINGS = Object.fromEntries(
  ['BROKERS', 'CLIENT_ID', 'SSL', 'SSL_CA', 'SASL_MECHANISM', 'SASL_USERNAME', 'SASL_PASSWORD'].map(
    (name) => [`KAFKA_${name}`, undefined],
  ),
);

export function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  clockMs?: number,
): Promise<ChildResult> {
  return runChild(PROGRAM, {
    env: {
      ...NO_SETTINGS,
      ...env,
      SPEC_ARGS: JSON.stringify(args),
      ...(clockMs !== undefined && { SPEC_CLOCK_MS: String(clockMs) }),
    },
    preload: clockMs === undefined ? [] : [SHIFTED_CLOCK],
  });
}

export function runCheck(cluster: CheckCluster, setup: Setup): Promise<ChildResult> {
  const { at, topic = 'logs', user, mechanism = 'PLAIN', tls, clockMs, args = [] } = setup;
  const broker = typeof at === 'object' ? at.address : cluster.address(at);
  const env = {
    ...(user !== undefined && {
      KAFKA_SASL_USERNAME: user,
      KAFKA_SASL_PASSWORD: setup.password ?? USERS[user],
      KAFKA_SASL_MECHANISM: mechanism,
    }),
    ...(tls !== undefined && { KAFKA_SSL: 'true' }),
    ...(tls !== undefined && tls !== 'nobody' && { KAFKA_SSL_CA: cluster.caFiles[tls] }),
  };
  return runCommand(['check', '--brokers', broker, '--topic', topic, ...args], env, clockMs);
}

/** The steps that stand in an output for people. */
export function stepsOf(out: string): Step[] {
  const lines = out.split('\n');
  return lines.flatMap((line, at) => {
    const [, status, name, detail = ''] =
      /^(ok|warning|skipped|failed) +(\w+(?:[ -]\w+)*) {2,}(.*)$/.exec(line) ?? [];
    if (status === undefined) return [];
    const next = lines[at + 1] ?? '';
    const advice = next.startsWith(' '.repeat(9)) ? { advice: next.trim() } : {};
    return [{ status, name, detail, ...advice } as Step];
  });
}
