import { type Sandbox, type SandboxOptions, startSandbox } from './server.js';

describe('rate limits', () => {
  let time: number;
  let sandbox: Sandbox;

  const start = async (options: SandboxOptions) => {
    time = Date.parse('2026-11-01T12:00:00Z');
    sandbox = await startSandbox({ counts: { '*': 3 }, clock: () => time, ...options });
  };
  afterEach(() => sandbox.close());

  const list = () => sandbox.fetch('/crm/objects/2026-09/contacts');
  const search = () => sandbox.fetch('/crm/objects/2026-09/contacts/search', { method: 'POST', body: '{}' });
  const associations = () =>
    sandbox.fetch('/crm/associations/2026-09/contacts/companies/batch/read', { method: 'POST', body: '{"inputs":[]}' });
  const statuses = async (call: () => Promise<Response>, times: number) => {
    const seen: number[] = [];
    for (let index = 0; index < times; index++) seen.push((await call()).status);
    return seen;
  };

  it('allows a burst per ten seconds that slides, and says how much is left', async () => {
    await start({ limits: { burst: 3 } });
    const first = await list();
    expect(Object.fromEntries(first.headers)).toMatchObject({
      'x-hubspot-ratelimit-max': '3',
      'x-hubspot-ratelimit-remaining': '2',
      'x-hubspot-ratelimit-interval-milliseconds': '10000',
      'x-hubspot-ratelimit-daily': '650000',
      'x-hubspot-ratelimit-daily-remaining': '649999',
    });
    time += 6_000;
    expect(await statuses(list, 3)).toEqual([200, 200, 429]);
    time += 3_999;
    expect(await statuses(list, 1)).toEqual([429]);
    time += 1;
    expect(await statuses(list, 2)).toEqual([200, 429]);
  });

  it('refuses with the policy in the body and, unless told to, without Retry-After', async () => {
    await start({ limits: { burst: 1 } });
    await list();
    const refused = await list();
    expect(refused.headers.get('retry-after')).toBeNull();
    expect(refused.headers.get('x-hubspot-ratelimit-remaining')).toBe('0');
    expect(await refused.json()).toMatchObject({
      status: 'error',
      message: 'You have reached your ten_secondly_rolling limit.',
      errorType: 'RATE_LIMIT',
      policyName: 'TEN_SECONDLY_ROLLING',
      correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    sandbox.limits.settings.retryAfter = true;
    time += 2_500;
    expect((await list()).headers.get('retry-after')).toBe('8');
  });

  const headersOf = (answer: Response) =>
    Object.fromEntries([...answer.headers].filter(([name]) => name.startsWith('x-hubspot-ratelimit-')));

  it('names the burst, the second and the day where HubSpot does: on searches the day only, on associations nothing', async () => {
    await start({ limits: { burst: 100, daily: 1_000 } });
    const burst = {
      'x-hubspot-ratelimit-max': '100',
      'x-hubspot-ratelimit-remaining': '99',
      'x-hubspot-ratelimit-interval-milliseconds': '10000',
      'x-hubspot-ratelimit-secondly': '10',
      'x-hubspot-ratelimit-secondly-remaining': '9',
    };
    const day = (left: number) => ({
      'x-hubspot-ratelimit-daily': '1000',
      'x-hubspot-ratelimit-daily-remaining': String(left),
    });
    expect(headersOf(await list())).toEqual({ ...burst, ...day(999) });
    expect(headersOf(await search())).toEqual(day(998));
    expect(headersOf(await associations())).toEqual({});
    const paths = [
      '/crm/objects/2026-09/contacts/1',
      '/crm/owners/2026-09',
      '/crm/properties/2026-09/deals',
      '/crm/pipelines/2026-09/deals',
      '/crm-object-schemas/2026-09/schemas',
      '/account-info/2026-09/details',
    ];
    for (const path of paths) {
      time += 10_000;
      expect(headersOf(await sandbox.fetch(path))).toMatchObject(burst);
    }
    // A second has room for ten, and nothing is refused beyond.
    time += 10_000;
    expect(await statuses(list, 11)).toEqual(Array(11).fill(200));
    expect(headersOf(await list())['x-hubspot-ratelimit-secondly-remaining']).toBe('0');
    time += 1_000;
    expect(headersOf(await list())['x-hubspot-ratelimit-secondly-remaining']).toBe('9');
  });

  it('shows the day as each service knows it: objects all calls, others of the others’ only most', async () => {
    await start({ limits: { burst: 10_000, daily: 1_000, searchPerSecond: 1_000 } });
    const left = async (path: string) =>
      1_000 - Number((await sandbox.fetch(path)).headers.get('x-hubspot-ratelimit-daily-remaining'));
    const [owners, metadata, account] = [
      '/crm/owners/2026-09',
      '/crm/properties/2026-09/deals',
      '/account-info/2026-09/details',
    ];
    const objects = '/crm/objects/2026-09/contacts';
    expect(await left(owners)).toBe(1);
    expect(await left(owners)).toBe(2);
    for (let call = 0; call < 100; call++) await list();
    expect(await left(objects)).toBe(103);
    // 101 calls were of objects: owners know none of them yet, metadata 64, the account 96, of which some are of owners.
    expect(await left(owners)).toBe(3);
    expect(await left(metadata)).toBe(65);
    expect(await left(account)).toBe(97);
    expect(Number((await search()).headers.get('x-hubspot-ratelimit-daily-remaining'))).toBe(1_000 - 107);
    for (let call = 0; call < 40; call++) await list();
    expect(await left(owners)).toBe(4 + 128);
    // What is enforced is the truth.
    sandbox.limits.settings.daily = 149;
    expect(await statuses(list, 2)).toEqual([200, 429]);
    sandbox.limits.settings.daily = 1_000;
    sandbox.switches.set({ dailyHeaders: 'one-counter' });
    expect(await left(owners)).toBe(150);
    expect(await left(account)).toBe(151);
    // At midnight all begin anew.
    sandbox.switches.set({ dailyHeaders: 'by-service' });
    time += 86_400_000;
    expect([await left(account), await left(owners)]).toEqual([1, 1]);
  });

  it('gives searches a budget of their own: five a second, and no burst headers', async () => {
    await start({ limits: { burst: 1 } });
    expect(await statuses(search, 6)).toEqual([200, 200, 200, 200, 200, 429]);
    const refused = await search();
    expect(refused.headers.get('x-hubspot-ratelimit-max')).toBeNull();
    expect(await refused.json()).toMatchObject({ errorType: 'RATE_LIMIT', policyName: 'SECONDLY' });
    expect(await statuses(list, 1)).toEqual([200]);
    time += 1_000;
    expect(await statuses(search, 1)).toEqual([200]);
  });

  it('exempts association reads from the burst', async () => {
    await start({ limits: { burst: 1 } });
    expect(await statuses(associations, 4)).toEqual([200, 200, 200, 200]);
    expect(await statuses(list, 2)).toEqual([200, 429]);
  });

  it('counts the day, all kinds alike, and starts anew at midnight of the account', async () => {
    await start({ limits: { daily: 3 }, timeZone: 'America/New_York' });
    await list();
    await search();
    const usage = await sandbox.fetch('/account-info/2026-09/api-usage/daily/private-apps');
    expect(await usage.json()).toMatchObject({
      // Summer time has ended on this very day: midnight is five hours behind UTC, not four.
      results: [{ currentUsage: 3, usageLimit: 3, resetsAt: '2026-11-02T05:00:00Z' }],
    });
    expect(await (await search()).json()).toMatchObject({ policyName: 'DAILY' });
    time = Date.parse('2026-11-02T04:59:59Z');
    expect(await statuses(list, 1)).toEqual([429]);
    time += 1_000;
    expect(await statuses(list, 1)).toEqual([200]);
  });

  it('counts OAuth calls per account, with a limit of their own and no daily headers', async () => {
    await start({ limits: { burst: 1, oauthBurst: 2 } });
    const withToken = (token: string) =>
      sandbox.fetch('/crm/objects/2026-09/deals', { headers: { authorization: `Bearer ${token}` } });
    const [one, two] = [sandbox.access.issue().accessToken, sandbox.access.issue().accessToken];
    const first = await withToken(one);
    expect(first.headers.get('x-hubspot-ratelimit-max')).toBe('2');
    expect(first.headers.get('x-hubspot-ratelimit-daily')).toBeNull();
    const found = await sandbox.fetch('/crm/objects/2026-09/deals/search', {
      method: 'POST',
      body: '{}',
      headers: { authorization: `Bearer ${one}` },
    });
    expect([found.status, headersOf(found)]).toEqual([200, {}]);
    expect((await withToken(two)).status).toBe(200);
    expect((await withToken(one)).status).toBe(429);
    expect(await statuses(list, 1)).toEqual([200]);
  });

  it('refuses nothing when switched off', async () => {
    await start({ limits: 'off' });
    expect(new Set(await statuses(search, 12))).toEqual(new Set([200]));
    expect(new Set(await statuses(list, 200))).toEqual(new Set([200]));
  });
});
