import { get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { Fault } from './http/faults.js';
import { type Sandbox, startSandbox } from './server.js';

const PATH = '/crm/objects/2026-09/contacts?limit=100';

describe('faults', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox({ counts: { '*': 3, contacts: 100 }, limits: 'off' });
  });
  afterEach(() => sandbox.faults.set([]));
  afterAll(() => sandbox.close());

  const list = () => sandbox.fetch(PATH);
  const arm = (fault: Fault) => sandbox.faults.set([{ fault, times: 1 }]);

  it.each<[Fault, number, string]>([
    [{ type: 'status', status: 502 }, 502, 'text/html'],
    [{ type: 'status', status: 503, retryAfterSeconds: 3 }, 503, 'text/html'],
    [{ type: 'error', status: 500 }, 500, 'application/json;charset=utf-8'],
    [{ type: 'edge', status: 400 }, 400, 'text/plain'],
    [{ type: 'edge', status: 404, text: '<p>no</p>', contentType: 'text/html' }, 404, 'text/html'],
    [{ type: 'html' }, 200, 'text/html'],
    [{ type: 'locked' }, 423, 'application/json;charset=utf-8'],
    [{ type: 'migration', retryAfterSeconds: 3 }, 477, 'application/json;charset=utf-8'],
    [{ type: 'rateLimit', policy: 'DAILY', retryAfterSeconds: 3 }, 429, 'application/json;charset=utf-8'],
    [{ type: 'unauthorized', category: 'EXPIRED_AUTHENTICATION' }, 401, 'application/json;charset=utf-8'],
    [{ type: 'body', text: '{}' }, 200, 'application/json;charset=utf-8'],
  ])('%j answers %d once', async (fault, status, contentType) => {
    arm(fault);
    const answer = await list();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, contentType]);
    if ('retryAfterSeconds' in fault) expect(answer.headers.get('retry-after')).toBe('3');
    await expect((await list()).json()).resolves.toHaveProperty('results');
  });

  it('can refuse in plain text, as the proxy in front of HubSpot does', async () => {
    arm({ type: 'edge', status: 400 });
    expect(await (await list()).text()).toBe('Invalid request');
    arm({ type: 'edge', status: 403, text: 'Forbidden' });
    expect(await (await list()).text()).toBe('Forbidden');
  });

  it.each([{ type: 'reset' }, { type: 'resetInBody' }] as const)('%j breaks the connection', async (fault) => {
    arm(fault);
    await expect(list().then((answer) => answer.text())).rejects.toThrow(/fetch failed|terminated/);
    await expect((await list()).json()).resolves.toHaveProperty('results');
  });

  it('can send half of the JSON as if it were all, also of a page that is kept', async () => {
    const whole = await (await list()).text();
    arm({ type: 'truncated' });
    const answer = await list();
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(whole.slice(0, Math.floor(whole.length / 2)));
    expect(await (await list()).text()).toBe(whole);
  });

  it.each(['silence', 'stall'] as const)('can keep silent: %s', async (type) => {
    arm({ type });
    const answer = fetch(sandbox.url + PATH, {
      headers: { authorization: `Bearer ${sandbox.token}` },
      signal: AbortSignal.timeout(150),
    });
    if (type === 'stall') expect((await answer).status).toBe(200);
    await expect(answer.then((it) => it.text())).rejects.toThrow('timeout');
  });

  it('can redirect', async () => {
    arm({ type: 'redirect', location: 'http://127.0.0.1:1/elsewhere' });
    const answer = await sandbox.fetch(PATH, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'http://127.0.0.1:1/elsewhere']);
  });

  it('can send a body of any size, which compressed is small', async () => {
    arm({ type: 'oversized', bytes: 5_000_000 });
    const headers = { authorization: `Bearer ${sandbox.token}`, 'accept-encoding': 'gzip' };
    const wire = await new Promise<Buffer>((resolve) => {
      get(sandbox.url + PATH, { headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks)));
      });
    });
    const body = gunzipSync(wire).toString();
    expect(wire.length).toBeLessThan(100_000);
    expect(body.length).toBeGreaterThanOrEqual(5_000_000);
    expect(JSON.parse(body)).toHaveProperty('results');
  });

  it('strike the calls they are meant for: by kind, object, order', async () => {
    sandbox.faults.set([
      { kind: 'list', objectType: 'contacts', nth: [2, 4], fault: { type: 'status', status: 502 } },
      { kind: ['owners', 'pipelines'], every: 2, fault: { type: 'status', status: 504 } },
    ]);
    const statuses = async (path: string, times: number) => {
      const seen: number[] = [];
      for (let index = 0; index < times; index++) seen.push((await sandbox.fetch(path)).status);
      return seen;
    };
    expect(await statuses('/crm/objects/2026-09/deals', 2)).toEqual([200, 200]);
    expect(await statuses('/crm/v3/objects/0-1', 5)).toEqual([200, 502, 200, 502, 200]);
    expect(await statuses('/crm/owners/2026-09', 4)).toEqual([200, 504, 200, 504]);
    expect(sandbox.faults.list()[0]).toMatchObject({ matched: 5, struck: 2 });
  });

  it('strike a share of the calls, the same ones for a seed', async () => {
    const run = async (seed: number) => {
      sandbox.faults.set([{ probability: 0.4, seed, fault: { type: 'status', status: 500 } }]);
      const seen: number[] = [];
      for (let index = 0; index < 40; index++) seen.push((await sandbox.fetch('/crm/owners/2026-09')).status);
      return seen;
    };
    const first = await run(1);
    const failed = first.filter((status) => status === 500).length;
    expect(failed).toBeGreaterThan(5);
    expect(failed).toBeLessThan(30);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });
});

describe('hooks and latency', () => {
  it('lets a test change the portal between the arrival of a call and its answer', async () => {
    const seen: string[] = [];
    const sandbox: Sandbox = await startSandbox({
      counts: { '*': 0 },
      limits: 'off',
      onCall: (call, n) => {
        seen.push(`${n} ${call.kind} ${call.objectType}`);
        if (n % 2 === 0) sandbox.portal.create('contacts', { firstname: `Made by call ${n}` });
      },
    });
    const count = async () => ((await (await sandbox.fetch(PATH)).json()) as { results: object[] }).results.length;
    expect([await count(), await count(), await count(), await count()]).toEqual([0, 1, 1, 2]);
    expect(seen).toEqual(['1 list contacts', '2 list contacts', '3 list contacts', '4 list contacts']);
    await sandbox.close();
  });

  it('holds answers back', async () => {
    const sandbox = await startSandbox({ counts: { '*': 0 }, latencyMs: { minMs: 30, maxMs: 60 } });
    const before = performance.now();
    await sandbox.fetch(PATH);
    expect(performance.now() - before).toBeGreaterThanOrEqual(29);
    sandbox.switches.set({ latencyMs: (call) => (call.kind === 'list' ? 80 : 0) });
    const again = performance.now();
    await sandbox.fetch(PATH);
    expect(performance.now() - again).toBeGreaterThanOrEqual(79);
    await sandbox.close();
  });
});
