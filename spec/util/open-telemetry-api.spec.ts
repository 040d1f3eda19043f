import { context, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { activeSpan, untraced } from '../../lib/util/open-telemetry-api.ts';
import { startTracing } from '../record/headers/sdk.ts';

const isSuppressed = (): boolean => isTracingSuppressed(context.active());

describe('with an SDK', () => {
  it('the active span is the one that the API itself sees', async () => {
    const { tracer } = startTracing();
    expect(activeSpan()).toBeUndefined();
    await tracer.startActiveSpan('request', async (span) => {
      expect(activeSpan()).toEqual(span.spanContext());
      await null;
      expect(activeSpan()).toEqual(trace.getActiveSpan()?.spanContext());
      span.end();
    });
    expect(activeSpan()).toBeUndefined();
  });

  it('what runs untraced is not traced, also after an await, and nothing else is', async () => {
    const { tracer, names } = startTracing();
    const seen = await tracer.startActiveSpan('request', async (span) => {
      const inside = await untraced(async () => {
        tracer.startSpan('suppressed').end();
        await null;
        tracer.startSpan('suppressed too').end();
        return isSuppressed();
      });
      tracer.startSpan('afterwards').end();
      span.end();
      return [inside, isSuppressed()];
    });
    expect(seen).toEqual([true, false]);
    expect(names()).toEqual(['afterwards', 'request']);
  });
});

it('without an SDK there is no span, and what runs untraced just runs', () => {
  expect(activeSpan()).toBeUndefined();
  expect(untraced(() => 'result')).toBe('result');
});

it('an SDK that throws does not get in the way of a log call', () => {
  const key = Symbol.for('opentelemetry.js.api.1');
  const registry = globalThis as { [key]?: unknown };
  const before = registry[key];
  onTestFinished(() => {
    registry[key] = before;
  });
  registry[key] = {
    context: {
      active: () => {
        throw new Error('from the SDK');
      },
    },
  };
  expect(activeSpan()).toBeUndefined();
});
