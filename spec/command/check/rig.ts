// For the specs of this folder: steps that are only kept, and what an inspector that does as it is told finds.
import type { KafkaInspector } from '../../../lib/clients/kafkajs/inspector.ts';
import { type Step, type StepFailure, Steps } from '../../../lib/command/check/steps.ts';

export function keptSteps(ms: number = 20_000): { steps: Steps; said: () => string[] } {
  const steps = new Steps(undefined, ms, new AbortController().signal);
  return { steps, said: () => steps.all.map(said) };
}

export function said({ name, status, detail, advice }: Step): string {
  return `${status} ${name}: ${detail}${advice === undefined ? '' : ` | ${advice}`}`;
}

/** What a step has failed with. */
export async function failureOf(step: Promise<unknown>): Promise<string> {
  try {
    await step;
  } catch (error) {
    const { step: name, message, advice } = error as StepFailure;
    return `${name}: ${message} | ${advice}`;
  }
  return 'none';
}

/** @param type Kafka's name of the error */
export const refused = (type: string): Error => Object.assign(new Error(`refused: ${type}`), { type });

export function told(answers: Partial<Record<keyof KafkaInspector, unknown>>): KafkaInspector {
  return { answered: new Map(), ...answers } as unknown as KafkaInspector;
}
