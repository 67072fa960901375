import { type Context, DiagLogLevel, diag, ROOT_CONTEXT } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { trackStreams } from '../../activity.js';
import { registerSecret } from '../../log.js';
import { VERSION } from '../../version.js';
import { measureActivities } from './measures.js';
import { traceActivities } from './spans.js';
import { TroubleReport } from './trouble-report.js';

/** How long the end of a command waits for what is not exported yet. */
const FLUSH_MS = 5000;
/** How long an export is tried where the environment does not say: so that at the end, too, it is known why one has failed. */
const EXPORT_MS = 4000;
/** As OpenTelemetry's specification has it. */
const METRIC_INTERVAL_MS = 60_000;
const METRIC_TIMEOUT_MS = 30_000;

/**
 * Starts to export spans and metrics of what this process does. Throws where a variable of OpenTelemetry makes no sense to it.
 *
 * @returns stops, once what is left is exported or {@link FLUSH_MS} have gone by; never rejects
 */
export function startTelemetry(wanted: { traces: boolean; metrics: boolean }): () => Promise<void> {
  hideHeaders();
  trackStreams();
  const trouble = new TroubleReport();
  diag.setLogger(trouble, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'hubflake', 'service.version': VERSION }))
    .merge(detectResources({ detectors: [envDetector] }));
  const ends: (() => void)[] = [];
  const providers: { shutdown(): Promise<void> }[] = [];
  if (wanted.traces) {
    const spanProcessors = [new BatchSpanProcessor(new OTLPTraceExporter(timeout('TRACES')))];
    const provider = new BasicTracerProvider({ resource, spanProcessors });
    ends.push(traceActivities(provider.getTracer('hubflake', VERSION), contextOf(process.env)));
    providers.push(provider);
  }
  if (wanted.metrics) {
    const reader = new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter(timeout('METRICS')),
      exportIntervalMillis: positive(process.env.OTEL_METRIC_EXPORT_INTERVAL) ?? METRIC_INTERVAL_MS,
      exportTimeoutMillis: Math.min(
        positive(process.env.OTEL_METRIC_EXPORT_TIMEOUT) ?? METRIC_TIMEOUT_MS,
        positive(process.env.OTEL_METRIC_EXPORT_INTERVAL) ?? METRIC_INTERVAL_MS,
      ),
    });
    const provider = new MeterProvider({ resource, readers: [reader] });
    ends.push(measureActivities(provider.getMeter('hubflake', VERSION)));
    providers.push(provider);
  }
  return async () => {
    for (const end of ends) end();
    await flush(providers, trouble);
  };
}

async function flush(providers: readonly { shutdown(): Promise<void> }[], trouble: TroubleReport): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), FLUSH_MS);
  });
  const outcomes = Promise.allSettled(providers.map((provider) => provider.shutdown()));
  const outcome = await Promise.race([outcomes, tooLate]);
  clearTimeout(timer);
  if (outcome === 'late') {
    trouble.say(`it took longer than ${FLUSH_MS / 1000} s`);
    return;
  }
  for (const each of outcome) if (each.status === 'rejected') trouble.say(String(each.reason));
}

/** The span that whoever started this process is in, by W3C's TRACEPARENT. */
function contextOf({ TRACEPARENT, TRACESTATE }: NodeJS.ProcessEnv): Context {
  const carrier = { traceparent: TRACEPARENT, tracestate: TRACESTATE };
  return new W3CTraceContextPropagator().extract(ROOT_CONTEXT, carrier, {
    get: ({ traceparent, tracestate }, key) => (key === 'traceparent' ? traceparent : tracestate),
    keys: (all) => Object.keys(all),
  });
}

/** Headers for a collector have tokens, which no log may show. */
function hideHeaders(): void {
  for (const name of ['', '_TRACES', '_METRICS']) {
    const headers = process.env[`OTEL_EXPORTER_OTLP${name}_HEADERS`] ?? '';
    for (const header of headers.split(',')) registerSecret(header.slice(header.indexOf('=') + 1).trim());
  }
}

function timeout(signal: 'TRACES' | 'METRICS'): { timeoutMillis: number } {
  const names = [`OTEL_EXPORTER_OTLP_${signal}_TIMEOUT`, 'OTEL_EXPORTER_OTLP_TIMEOUT'];
  const given = names.map((name) => positive(process.env[name])).find((value) => value !== null);
  return { timeoutMillis: given ?? EXPORT_MS };
}

function positive(text: string | undefined): number | null {
  const value = Number(text ?? '');
  return value > 0 ? value : null;
}
