import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { type Activities, type ActivityKind, hear, observe, within } from '../../activity.js';
import { HubflakeError } from '../../errors.js';

/** How an activity becomes a span. What attributes say is of streams and counts: no token, no value and no id of a record. */
interface Form<A> {
  name(activity: A): string;
  kind?: SpanKind;
  /** What is known at its start. */
  attributes?(activity: A): Attributes;
  /** What it has learned by its end. */
  learned?(activity: A): Attributes;
  /** The type of its error, where it did not throw one. */
  failure?(activity: A): string | undefined;
}

const FORMS: { readonly [K in ActivityKind]: Form<Activities[K]> } = {
  command: { name: ({ name }) => `hubflake ${name}` },
  sync: { name: () => 'hubflake sync', attributes: ({ pipeline }) => ({ 'hubflake.pipeline': pipeline }) },
  stream: {
    name: ({ streams }) => `read ${streams[0] ?? ''}`,
    attributes: ({ streams }) => ({ 'hubflake.streams': [...streams] }),
    failure: ({ failures = [] }) => failures[0]?.code,
  },
  phase: {
    name: ({ phase }) => `phase ${phase}`,
    attributes: ({ stream, phase }) => ({ 'hubflake.stream': stream, 'hubflake.phase': phase }),
  },
  call: {
    name: ({ method, kind }) => `${method} ${kind}`,
    kind: SpanKind.CLIENT,
    attributes: ({ stream, kind, budget, method, server, attemptsBefore }) => ({
      'http.request.method': method,
      'server.address': server,
      'hubflake.call.kind': kind,
      'hubflake.call.budget': budget,
      ...(stream === null ? {} : { 'hubflake.stream': stream }),
      ...(attemptsBefore > 0 ? { 'http.request.resend_count': attemptsBefore } : {}),
    }),
    learned: ({ status, bytes }) => ({
      ...(status === undefined ? {} : { 'http.response.status_code': status }),
      ...(bytes === undefined ? {} : { 'http.response.body.size': bytes }),
    }),
    failure: ({ status }) => (status !== undefined && status >= 400 ? String(status) : undefined),
  },
  pause: {
    name: () => 'pause',
    attributes: ({ stream, milliseconds }) => ({
      'hubflake.pause.seconds': milliseconds / 1000,
      ...(stream === null ? {} : { 'hubflake.stream': stream }),
    }),
  },
  batch: {
    name: ({ stream }) => `commit ${stream}`,
    attributes: ({ stream, table, rows, bytes }) => ({
      'hubflake.stream': stream,
      'hubflake.table': table,
      'hubflake.batch.rows': rows,
      'hubflake.batch.bytes': bytes,
    }),
    learned: ({ inserted = 0, updated = 0, marked = 0 }) => ({
      'hubflake.batch.inserted': inserted,
      'hubflake.batch.updated': updated,
      'hubflake.batch.marked': marked,
    }),
  },
};

/**
 * Makes a span of each activity, within that in which it began. Batches are the exception: what has them committed is often another
 * stream, or a timer, so they are within their stream.
 *
 * @param root what the outermost ones are within
 * @returns ends that
 */
export function traceActivities(tracer: Tracer, root: Context): () => void {
  const current = new AsyncLocalStorage<Context>();
  const spans = new WeakMap<object, Span>();
  /** What a stream that is read, or was, is within itself. */
  const streams = new Map<string, Context>();
  const parentOf = (activity: object) => {
    const stream = isBatch(activity) ? streams.get(activity.stream) : undefined;
    return stream ?? current.getStore() ?? root;
  };

  function spansOf<K extends ActivityKind>(kind: K): (() => void)[] {
    const form: Form<Activities[K]> = FORMS[kind];
    const enter = within(kind, current, (activity) => {
      const attributes = form.attributes?.(activity) ?? {};
      const options: SpanOptions = { kind: form.kind ?? SpanKind.INTERNAL, attributes };
      const parent = parentOf(activity);
      const span = tracer.startSpan(form.name(activity), options, parent);
      spans.set(activity, span);
      return trace.setSpan(parent, span);
    });
    const leave = observe(kind, {
      failed: (activity, error) => fail(spans.get(activity), typeOf(error)),
      end: (activity) => {
        const span = spans.get(activity);
        span?.setAttributes(form.learned?.(activity) ?? {});
        const failure = form.failure?.(activity);
        if (failure !== undefined) fail(span, failure);
        span?.end();
      },
    });
    return [enter, leave];
  }

  const ends = [
    ...spansOf('command'),
    ...spansOf('sync'),
    ...spansOf('stream'),
    ...spansOf('phase'),
    ...spansOf('call'),
    ...spansOf('pause'),
    ...spansOf('batch'),
    observe('stream', {
      start: ({ streams: names }) => {
        const context = current.getStore();
        if (context) for (const name of names) streams.set(name, context);
      },
    }),
    observe('sync', { end: () => streams.clear() }),
    hear('sent', (call) => spans.get(call)?.addEvent('sent')),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function isBatch(activity: object): activity is Activities['batch'] {
  return 'table' in activity && 'rows' in activity;
}

function fail(span: Span | undefined, type: string): void {
  span?.setStatus({ code: SpanStatusCode.ERROR });
  span?.setAttribute('error.type', type);
}

/** The message of an error may have ids in it; its code has none. */
function typeOf(error: unknown): string {
  if (error instanceof HubflakeError) return error.code;
  return error instanceof Error ? error.name : 'Error';
}
