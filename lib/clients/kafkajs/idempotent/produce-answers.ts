import { causesOf, type ErrorFacts, rootCause } from '../../../util/root-cause.ts';
import { isObject } from '../../../util/safely.ts';
import { classifyError } from '../../send-result.ts';

/** Each of them is of one request only. */
const answers = new WeakSet<object>();

/**
 * Notes the error that a broker answers a Produce request with. What a send fails with need not be that: when one has failed,
 * kafkajs may connect anew and ask for metadata before it says so, and where that fails, too, the send fails with that error
 * (producer/sendMessages.js: `await cluster.connect(); await cluster.refreshMetadata(); throw e`). So "not authorized", or what a
 * provider of tokens has thrown, may come of a batch that is stored.
 *
 * @param producing a Produce request, from writing it to reading its answer
 */
export async function withNotedAnswer<Answer>(producing: Promise<Answer>): Promise<Answer> {
  try {
    return await producing;
  } catch (error) {
    if (isObject(error) && error.name === 'KafkaJSProtocolError') answers.add(error);
    throw error;
  }
}

/** What the broker has answered the Produce request of a send that failed; nothing where it failed with something else. */
export function answerIn(error: unknown): ErrorFacts | undefined {
  const answer = causesOf(error).find((at) => answers.has(at));
  return answer && rootCause(answer);
}

/** The error as it is shown, which need not have the other one as its cause: what is known of that is known of this. */
export function withAnswerOf(error: unknown, shown: unknown): unknown {
  if (shown !== error && isObject(shown) && answerIn(error) !== undefined) answers.add(shown);
  return shown;
}

/** Whether the broker has answered the Produce request of a send that it refuses the batch for good: it is not stored. */
export function isRefused(error: unknown): boolean {
  const answer = answerIn(error);
  if (answer === undefined) return false;
  const { kind } = classifyError(answer);
  return kind === 'bisect' || kind === 'reject-topic';
}
