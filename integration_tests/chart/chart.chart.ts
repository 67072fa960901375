import { parsePipelineConfig } from '../../src/config/pipeline.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import { TestFolder } from '../support/processes/command.js';
import { destination, environment, pipeline, source } from './pipelines.js';
import { at, chart, helm, judge, KUBERNETES, type Manifest, read, render, template } from './rendered.js';

let folder: TestFolder;

beforeAll(() => {
  folder = new TestFolder();
});

afterAll(() => folder.remove());

const CRON_POD = 'spec.jobTemplate.spec.template.spec';
const SERVICE_POD = 'spec.template.spec';

function pipelineOf(objects: Map<string, Manifest>, name: string): JsonObject {
  return JSON.parse(objects.get(`ConfigMap ${name}`)?.data?.['pipeline.json'] ?? '') as JsonObject;
}

test('Helm finds nothing wrong with the chart, with its own values and with those of the example', async () => {
  for (const values of [`${chart}/values.yaml`, `${chart}/examples/two-portals.yaml`]) {
    const { code, stdout } = await helm('lint', '--strict', chart, '--values', values);
    expect([code, stdout]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
  }
});

test('without portals there is nothing', async () => {
  expect([...(await render(folder, {})).keys()]).toEqual([]);
});

test('the example: a CronJob and a service, which pass the schemas of Kubernetes, with pipelines that hubflake takes', async () => {
  const values = `${chart}/examples/two-portals.yaml`;
  const { stdout } = await helm('template', 'hubflake', chart, '--values', values);
  for (const version of KUBERNETES) {
    const { manifests, errors, unknown } = await judge(stdout, version);
    expect([errors, unknown]).toEqual([[], []]);
    const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names.sort()).toEqual([
      'ConfigMap hubflake-emea',
      'ConfigMap hubflake-us',
      'CronJob hubflake-emea',
      'Deployment hubflake-us',
      'Service hubflake-us',
    ]);
  }
  const objects = new Map(
    (await judge(stdout, KUBERNETES[0])).manifests.map((each) => [`${each.kind} ${each.metadata.name}`, each]),
  );
  for (const portal of ['emea', 'us']) {
    const parsed = parsePipelineConfig(pipelineOf(objects, `hubflake-${portal}`), environment);
    expect(parsed.name).toBe(portal);
    expect(parsed.source.credentials).toEqual({ kind: 'token', accessToken: environment.HUBSPOT_TOKEN });
    expect(parsed.destination).toMatchObject({
      schema: `HUBSPOT_${portal.toUpperCase()}`,
      credentials: { kind: 'key-pair' },
    });
  }
});

test('the notes say how to see each portal at work', async () => {
  const values = `${chart}/examples/two-portals.yaml`;
  const { stdout } = await helm(
    'install',
    '--dry-run=client',
    'hubflake',
    chart,
    '--namespace',
    'data',
    '--values',
    values,
  );
  const [, notes = ''] = stdout.split('NOTES:\n');
  expect(notes).toContain('emea: at 5,35 * * * * (Etc/UTC)');
  expect(notes).toContain('kubectl --namespace data create job --from=cronjob/hubflake-emea hubflake-emea-first');
  expect(notes).toContain('us: every 60s, as a service');
  expect(notes).toContain('kubectl --namespace data port-forward service/hubflake-us 8080');
});

test('the schemas notice a member that Kubernetes does not have', async () => {
  const { stdout } = await template(folder, { portals: { a: { pipeline } } });
  const { errors } = await judge(stdout.replace('concurrencyPolicy:', 'concurrency:'), KUBERNETES[1]);
  expect(errors).toEqual([expect.stringContaining("'concurrency' was unexpected")]);
});

/** A manifest without what the chart adds to those of deploy/kubernetes. */
function bare(manifest: Manifest | undefined): unknown {
  const added = ['labels', 'imagePullPolicy', 'timeZone', 'suspend'];
  return JSON.parse(JSON.stringify(manifest).replaceAll('hubflake-crm', 'hubflake'), (key, value) =>
    added.includes(key) || (key === 'metadata' && Object.keys(value).length === 0) ? undefined : value,
  );
}

test('the CronJob is that of deploy/kubernetes, but for names and labels', async () => {
  const { manifests } = await judge(read('deploy/kubernetes/cronjob.yaml'), KUBERNETES[1]);
  const byHand = manifests.find(({ kind }) => kind === 'CronJob');
  const secret = { existing: 'hubflake' };
  const rendered = (await render(folder, { portals: { crm: { pipeline, secret } } })).get('CronJob hubflake-crm');
  expect(bare(rendered)).toEqual(byHand);
});

test('exit code 4 is no failure of a CronJob, exit code 1 is', async () => {
  const cronJob = (await render(folder, { portals: { crm: { pipeline } } })).get('CronJob hubflake-crm');
  const job = 'spec.jobTemplate.spec';
  // https://kubernetes.io/docs/tasks/job/pod-failure-policy/ — it needs restartPolicy Never.
  expect(at(cronJob, `${job}.podFailurePolicy.rules.0`)).toEqual({
    action: 'Ignore',
    onExitCodes: { containerName: 'hubflake', operator: 'In', values: [4] },
  });
  expect([at(cronJob, `${CRON_POD}.restartPolicy`), at(cronJob, `${job}.backoffLimit`)]).toEqual(['Never', 0]);
  expect(at(cronJob, 'spec.concurrencyPolicy')).toBe('Forbid');
});

test('a portal with `every` is one pod that is never doubled, with probes of /healthz and a Service', async () => {
  const values = { portals: { crm: { every: '5m', pipeline, service: { firstLoadSeconds: 7200 } } } };
  const objects = await render(folder, values);
  expect([...objects.keys()].sort()).toEqual([
    'ConfigMap hubflake-crm',
    'Deployment hubflake-crm',
    'Service hubflake-crm',
  ]);
  const [deployment, service] = [objects.get('Deployment hubflake-crm'), objects.get('Service hubflake-crm')];
  expect([at(deployment, 'spec.replicas'), at(deployment, 'spec.strategy')]).toEqual([1, { type: 'Recreate' }]);
  const container = at(deployment, `${SERVICE_POD}.containers.0`) as JsonObject;
  expect(container.args).toEqual([
    'sync',
    '--config',
    '/pipeline/pipeline.json',
    '--every',
    '5m',
    '--listen',
    '0.0.0.0:8080',
  ]);
  const probe = { httpGet: { path: '/healthz', port: 'http' }, timeoutSeconds: 5 };
  expect(container).toMatchObject({
    ports: [{ name: 'http', containerPort: 8080 }],
    startupProbe: { ...probe, periodSeconds: 30, failureThreshold: 240 },
    readinessProbe: { ...probe, periodSeconds: 15 },
    livenessProbe: { ...probe, periodSeconds: 60, failureThreshold: 60 },
  });
  // Longer than a first load may take, else the roll-out fails meanwhile.
  expect(at(deployment, 'spec.progressDeadlineSeconds')).toBe(7800);
  const labels = at(deployment, 'spec.template.metadata.labels');
  expect(labels).toMatchObject(at(deployment, 'spec.selector.matchLabels') as JsonObject);
  expect(labels).toMatchObject(at(service, 'spec.selector') as JsonObject);
  expect(at(service, 'spec.ports')).toEqual([{ name: 'http', port: 8080, targetPort: 'http' }]);
});

test('both kinds run without rights, on a read-only root with room for the spool', async () => {
  const portals = { cron: { pipeline }, served: { every: '60s', pipeline } };
  const objects = await render(folder, { defaults: { spoolSize: '5Gi' }, portals });
  for (const pod of [
    at(objects.get('CronJob hubflake-cron'), CRON_POD),
    at(objects.get('Deployment hubflake-served'), SERVICE_POD),
  ]) {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          resources: { requests: { memory: '512Mi' }, limits: { memory: '1Gi' } },
          env: [{ name: 'HOME', value: '/tmp' }],
          volumeMounts: [{ mountPath: '/pipeline', readOnly: true }, { mountPath: '/tmp' }],
        },
      ],
      volumes: [{ name: 'pipeline' }, { name: 'spool', emptyDir: { sizeLimit: '5Gi' } }],
    });
  }
});

test('a Secret that is created is the environment; its values are nowhere else', async () => {
  const portals = { crm: { pipeline, secret: { create: environment } }, us: { every: '1h', pipeline } };
  const objects = await render(folder, { portals });
  expect(objects.get('Secret hubflake-crm')?.stringData).toEqual(environment);
  expect(at(objects.get('CronJob hubflake-crm'), `${CRON_POD}.containers.0.envFrom`)).toEqual([
    { secretRef: { name: 'hubflake-crm' } },
  ]);
  objects.delete('Secret hubflake-crm');
  const others = JSON.stringify([...objects.values()]);
  for (const value of Object.values(environment)) expect(others).not.toContain(JSON.stringify(value).slice(1, -1));
  // What a portal does not have it is not given.
  expect(at(objects.get('Deployment hubflake-us'), `${SERVICE_POD}.containers.0.envFrom`)).toBeUndefined();
});

test('a changed pipeline restarts a service', async () => {
  const annotations = async (schema: string) => {
    const portals = { crm: { every: '60s', pipeline: { source, destination: { ...destination, schema } } } };
    return at((await render(folder, { portals })).get('Deployment hubflake-crm'), 'spec.template.metadata.annotations');
  };
  expect(await annotations('A')).toEqual(await annotations('A'));
  expect(await annotations('A')).not.toEqual(await annotations('B'));
});

test("a portal's entry wins over the defaults, member by member, with false, 0 and lists, and keeps whole numbers whole", async () => {
  const defaults = {
    every: '60s',
    pipeline: {
      source: { ...source, daily_reserve: 1000, deletes: 'cdc', objects: [{ object_type: 'contacts' }] },
      destination: { ...destination, transient: true },
    },
    env: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example.com:3128' }],
  };
  const objects = await render(folder, {
    defaults,
    portals: {
      own: {
        schedule: '0 * * * *',
        pipeline: {
          name: 'crm',
          source: { daily_reserve: 0, objects: [{ object_type: 'deals' }] },
          destination: { transient: false, spool_max_mb: 12345678 },
        },
      },
      plain: {},
    },
  });
  expect(pipelineOf(objects, 'hubflake-own')).toEqual({
    name: 'crm',
    source: { ...source, daily_reserve: 0, deletes: 'cdc', objects: [{ object_type: 'deals' }] },
    destination: { ...destination, transient: false, spool_max_mb: 12345678 },
  });
  expect(objects.get('ConfigMap hubflake-own')?.data?.['pipeline.json']).toContain('"spool_max_mb": 12345678');
  expect(pipelineOf(objects, 'hubflake-plain')).toEqual({ name: 'plain', ...defaults.pipeline });
  // The one has a schedule of its own, the other the interval of all.
  expect([...objects.keys()]).toEqual(expect.arrayContaining(['CronJob hubflake-own', 'Deployment hubflake-plain']));
  expect(at(objects.get('CronJob hubflake-own'), `${CRON_POD}.containers.0.env`)).toEqual([
    { name: 'HOME', value: '/tmp' },
    ...defaults.env,
  ]);
});

test('the PodMonitor selects the pods of the services', async () => {
  const values = {
    podMonitor: { enabled: true, labels: { release: 'prometheus' } },
    portals: { crm: { every: '60s', pipeline } },
  };
  const { stdout } = await template(folder, values);
  const { manifests, unknown } = await judge(stdout, KUBERNETES[1]);
  expect(unknown).toEqual(['PodMonitor']);
  const monitor = manifests.find(({ kind }) => kind === 'PodMonitor');
  const deployment = manifests.find(({ kind }) => kind === 'Deployment');
  expect(monitor?.metadata.labels).toMatchObject({ release: 'prometheus' });
  expect(at(deployment, 'spec.template.metadata.labels')).toMatchObject(
    at(monitor, 'spec.selector.matchLabels') as JsonObject,
  );
  expect(at(monitor, 'spec.podMetricsEndpoints')).toEqual([{ port: 'http', path: '/metrics', interval: '60s' }]);
});
