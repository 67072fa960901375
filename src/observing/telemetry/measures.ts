import type { Meter } from '@opentelemetry/api';
import { type Activities, type ActivityKind, type CallActivity, hear, observe } from '../../activity.js';
import { monotonicNow } from '../../time.js';

/** The bounds of OpenTelemetry's conventions for HTTP, in seconds. */
const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const WAIT_SECONDS = [0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300];
const COMMIT_SECONDS = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
const FRESHNESS_SECONDS = [10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800, 3600];

/** Measures what is done with the instruments of a meter. @returns ends that */
export function measureActivities(meter: Meter): () => void {
  const histogram = (name: string, description: string, bounds: number[]) =>
    meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: bounds } });
  const records = meter.createCounter('hubflake.records', { description: 'Records read', unit: '{record}' });
  const rows = meter.createCounter('hubflake.rows', { description: 'Rows written', unit: '{row}' });
  const calls = meter.createCounter('hubflake.calls', { description: 'Calls sent to HubSpot', unit: '{call}' });
  const failures = meter.createCounter('hubflake.failures', {
    description: 'Streams that could not be finished',
    unit: '{stream}',
  });
  const left = meter.createGauge('hubflake.quota.remaining', {
    description: "The portal's calls that are left today",
    unit: '{call}',
  });
  const requests = histogram(
    'http.client.request.duration',
    'From when a call was sent to the end of its answer',
    HTTP_SECONDS,
  );
  const waits = histogram('hubflake.call.wait', "Waiting for HubSpot's limits before a call", WAIT_SECONDS);
  const pauses = histogram('hubflake.pause.duration', 'Pauses before a call is repeated', WAIT_SECONDS);
  const commits = histogram('hubflake.commit.duration', 'Commits of batches', COMMIT_SECONDS);
  const freshness = histogram('hubflake.freshness', 'From a modification in HubSpot to its commit', FRESHNESS_SECONDS);

  const sentAt = new WeakMap<CallActivity, number>();
  const ends = [
    hear('records', ({ stream, count }) => records.add(count, { 'hubflake.stream': stream })),
    hear('freshness', ({ stream, seconds }) => freshness.record(seconds, { 'hubflake.stream': stream })),
    hear('limits', ({ dailyRemaining }) => {
      if (dailyRemaining !== null) left.record(dailyRemaining);
    }),
    hear('sent', (call) => {
      sentAt.set(call, monotonicNow());
      calls.add(1, { 'hubflake.call.kind': call.kind, 'hubflake.call.budget': call.budget });
    }),
    timed('call', (seconds, call) => {
      const sent = sentAt.get(call);
      const answered = sent === undefined ? null : (monotonicNow() - sent) / 1000;
      waits.record(Math.max(0, seconds - (answered ?? 0)), { 'hubflake.call.budget': call.budget });
      if (answered === null) return;
      requests.record(answered, {
        'http.request.method': call.method,
        'server.address': call.server,
        'hubflake.call.kind': call.kind,
        ...(call.status === undefined ? {} : { 'http.response.status_code': call.status }),
      });
    }),
    timed('pause', (seconds) => pauses.record(seconds)),
    timed('batch', (seconds, { stream, inserted = 0, updated = 0, marked = 0 }) => {
      commits.record(seconds, { 'hubflake.stream': stream });
      for (const [change, count] of Object.entries({ inserted, updated, marked })) {
        if (count > 0) rows.add(count, { 'hubflake.stream': stream, 'hubflake.change': change });
      }
    }),
    observe('stream', {
      end: ({ failures: failed = [] }) => {
        for (const { stream, code } of failed) failures.add(1, { 'hubflake.stream': stream, 'error.type': code });
      },
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** Calls `measure` with the seconds that each activity of a kind has taken. */
function timed<K extends ActivityKind>(
  kind: K,
  measure: (seconds: number, activity: Activities[K]) => void,
): () => void {
  const startedAt = new WeakMap<object, number>();
  return observe(kind, {
    start: (activity) => {
      startedAt.set(activity, monotonicNow());
    },
    end: (activity) => {
      const started = startedAt.get(activity);
      if (started !== undefined) measure((monotonicNow() - started) / 1000, activity);
    },
  });
}
