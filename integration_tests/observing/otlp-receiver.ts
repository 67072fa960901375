import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Attribute {
  key: string;
  value: Record<string, unknown>;
}

/** As OTLP's JSON has it; ids are base64. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: string;
  attributes?: Attribute[];
  events?: { name: string }[];
  status?: { code?: string };
}

interface Point {
  attributes?: Attribute[];
  asDouble?: number;
  asInt?: string;
  count?: string;
  sum?: number;
}

export interface ReceivedMetric {
  name: string;
  unit?: string;
  sum?: { dataPoints: Point[] };
  gauge?: { dataPoints: Point[] };
  histogram?: { dataPoints: Point[] };
}

interface Request {
  refused?: string;
  headers?: Record<string, string>;
  resourceSpans?: { resource: { attributes: Attribute[] }; scopeSpans: { spans: ReceivedSpan[] }[] }[];
  resourceMetrics?: { scopeMetrics: { metrics: ReceivedMetric[] }[] }[];
}

/** A collector that reads what it is sent by OpenTelemetry's own classes. */
export class OtlpReceiver {
  readonly requests: Request[] = [];
  readonly #process: ChildProcessWithoutNullStreams;
  port = 0;

  constructor() {
    this.#process = spawn(`${root}.venv/bin/python`, [`${root}integration_tests/python/otlp_receiver.py`]);
  }

  /** Resolves once it listens. */
  async open(): Promise<void> {
    const lines = createInterface(this.#process.stdout);
    const [port] = await once(lines, 'line');
    this.port = Number(port);
    lines.on('line', (line) => this.requests.push(JSON.parse(line)));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    this.#process.kill();
    await once(this.#process, 'close');
  }

  get refused(): string[] {
    return this.requests.flatMap(({ refused }) => refused ?? []);
  }

  get resource(): Record<string, unknown> {
    return attributesOf(this.requests.flatMap(({ resourceSpans = [] }) => resourceSpans)[0]?.resource ?? {});
  }

  get spans(): ReceivedSpan[] {
    return this.requests.flatMap(({ resourceSpans = [] }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    );
  }

  /** Each metric as it was exported last. */
  get metrics(): Map<string, ReceivedMetric> {
    const all = this.requests.flatMap(({ resourceMetrics = [] }) =>
      resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics)),
    );
    return new Map(all.map((metric) => [metric.name, metric]));
  }

  /** The names of a span and of all it is within, the outermost first. */
  pathOf(span: ReceivedSpan): string {
    const parent = this.spans.find(({ spanId }) => spanId === span.parentSpanId);
    return parent ? `${this.pathOf(parent)} > ${span.name}` : span.name;
  }
}

export function attributesOf({ attributes = [] }: { attributes?: Attribute[] }): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

/** The values of a counter or a gauge by one of its attributes, added up. */
export function valuesBy(metric: ReceivedMetric | undefined, key: string): Record<string, number> {
  const values: Record<string, number> = {};
  for (const point of metric?.sum?.dataPoints ?? []) {
    const name = String(attributesOf(point)[key]);
    values[name] = (values[name] ?? 0) + Number(point.asInt ?? point.asDouble);
  }
  return values;
}
