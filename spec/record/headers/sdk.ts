import { context, propagation, trace } from '@opentelemetry/api';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  NodeTracerProvider,
  type Sampler,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { onTestFinished } from 'vitest';

/** OpenTelemetry's own SDK, registered until the spec ends. Its spans stay in memory. */
export function startTracing(sampler: Sampler = new AlwaysOnSampler(), ...processors: SpanProcessor[]) {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    sampler,
    spanProcessors: [new SimpleSpanProcessor(exporter), ...processors],
  });
  provider.register();
  onTestFinished(async () => {
    trace.disable();
    context.disable();
    propagation.disable();
    await provider.shutdown();
  });
  return {
    tracer: provider.getTracer('spec'),
    provider,
    /** The names of the spans that have ended. */
    names: (): string[] => exporter.getFinishedSpans().map(({ name }) => name),
  };
}
