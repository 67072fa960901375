import { wantedOf } from './wanted.js';

const ENDPOINT = 'http://localhost:4318';

test.each([
  ['nothing is set', {}, null],
  ['it is disabled', { OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, null],
  ['an endpoint is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, null],
  ['only a service is named', { OTEL_SERVICE_NAME: 'crm' }, null],
  ['there is an endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, { traces: true, metrics: true }],
  ['there is one for traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ENDPOINT }, { traces: true, metrics: false }],
  ['an exporter is named', { OTEL_METRICS_EXPORTER: 'otlp' }, { traces: false, metrics: true }],
  [
    'one is none',
    { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_TRACES_EXPORTER: 'none' },
    { traces: false, metrics: true },
  ],
  [
    'all are none',
    { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
    null,
  ],
])('where %s', (_, environment, expected) => {
  expect(wantedOf(environment)).toEqual(expected === null ? null : { ...expected, problems: [] });
});

test.each(['notaurl', 'localhost:4318'])('an endpoint that is no URL is said: %s', (endpoint) => {
  expect(wantedOf({ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint })).toEqual({
    traces: false,
    metrics: true,
    problems: [expect.stringContaining('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is not a URL')],
  });
});

test('what it cannot do is said, once', () => {
  expect(wantedOf({ OTEL_TRACES_EXPORTER: 'console, otlp', OTEL_METRICS_EXPORTER: 'prometheus' })).toEqual({
    traces: true,
    metrics: false,
    problems: [
      expect.stringContaining('OTEL_TRACES_EXPORTER names "console"'),
      expect.stringContaining('"prometheus"'),
    ],
  });
  expect(wantedOf({ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toEqual({
    traces: false,
    metrics: false,
    problems: [expect.stringContaining('"grpc"'), expect.stringContaining('"grpc"')],
  });
});
