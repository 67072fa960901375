import { type Sandbox, type SandboxOptions, startSandbox } from './server.js';

describe('access', () => {
  let time: number;
  let sandbox: Sandbox;

  const start = async (options: SandboxOptions = {}) => {
    time = Date.parse('2026-11-01T12:00:00Z');
    sandbox = await startSandbox({ counts: { '*': 2 }, limits: 'off', clock: () => time, ...options });
  };
  afterEach(() => sandbox.close());

  const withToken = (authorization: string) =>
    sandbox.fetch('/crm/objects/2026-09/contacts', { headers: { authorization } });
  const refresh = (form: Record<string, string> = {}, path = '/oauth/2026-09/token') => {
    const { clientId, clientSecret, refreshToken } = sandbox.oauth;
    const usual = { grant_type: 'refresh_token', client_id: clientId, client_secret: clientSecret };
    const body = new URLSearchParams({ ...usual, refresh_token: refreshToken, ...form });
    return fetch(sandbox.url + path, { method: 'POST', body });
  };

  it('refuses calls without a token, or with a wrong one', async () => {
    await start();
    const answers = [await fetch(`${sandbox.url}/crm/owners/2026-09`), await withToken('Bearer pat-na1-wrong')];
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ status: 'error', category: 'INVALID_AUTHENTICATION' });
    }
  });

  it('answers malformed tokens with 530 where told to', async () => {
    await start({ malformedTokenStatus: 530 });
    expect((await withToken('Bearer not a token')).status).toBe(530);
    expect((await withToken('Bearer wrong')).status).toBe(401);
  });

  it.each(['/oauth/2026-09/token', '/oauth/v3/token', '/oauth/v1/token'])('refreshes at %s', async (path) => {
    await start({ expiresInSeconds: 60 });
    const issued = (await (await refresh({}, path)).json()) as { access_token: string };
    expect(issued).toMatchObject({ token_type: 'bearer', expires_in: 60, refresh_token: sandbox.oauth.refreshToken });
    const authorization = `Bearer ${issued.access_token}`;
    time += 59_999;
    expect((await withToken(authorization)).status).toBe(200);
    time += 1;
    const expired = await withToken(authorization);
    expect(expired.status).toBe(401);
    expect(await expired.json()).toMatchObject({
      category: 'EXPIRED_AUTHENTICATION',
      message: expect.stringContaining('expired 0 second(s) ago'),
    });
  });

  it.each([
    [{ grant_type: 'password' }, 'unsupported_grant_type', 'BAD_GRANT_TYPE'],
    [{ client_id: 'x' }, 'invalid_client', 'BAD_CLIENT_ID'],
    [{ client_secret: 'x' }, 'invalid_client', 'BAD_CLIENT_SECRET'],
    [{ refresh_token: 'x' }, 'invalid_grant', 'BAD_REFRESH_TOKEN'],
  ])('refuses to refresh with %j', async (form, error, status) => {
    await start();
    const answer = await refresh(form);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error, status, error_description: expect.any(String) });
  });

  it('ends the old refresh token where they rotate', async () => {
    await start({ rotateRefreshToken: true });
    const issued = (await (await refresh()).json()) as { refresh_token: string };
    expect((await refresh()).status).toBe(400);
    expect((await refresh({ refresh_token: issued.refresh_token })).status).toBe(200);
  });

  it('ends all access tokens on demand', async () => {
    await start();
    const issued = (await (await refresh()).json()) as { access_token: string };
    sandbox.access.expireTokens();
    expect((await withToken(`Bearer ${issued.access_token}`)).status).toBe(401);
    expect((await withToken(`Bearer ${sandbox.token}`)).status).toBe(200);
  });

  it('names the missing scopes', async () => {
    await start({ scopes: ['crm.objects.contacts.read', 'crm.schemas.deals.read'] });
    expect((await sandbox.fetch('/crm/objects/2026-09/contacts')).status).toBe(200);
    expect((await sandbox.fetch('/crm/objects/2026-09/notes')).status).toBe(200);
    // Metadata needs a scope of the objects or of the schema; e-mails need two.
    expect((await sandbox.fetch('/crm/properties/2026-09/deals')).status).toBe(200);
    const refused = {
      '/crm/objects/2026-09/deals': ['crm.objects.deals.read'],
      '/crm/objects/2026-09/emails': ['sales-email-read'],
      '/crm/objects/2026-09/quotes': ['crm.objects.quotes.read'],
      '/crm/objects/2026-09/feedback_submissions': ['crm.objects.feedback_submissions.read'],
      '/crm/objects/2026-09/tickets': ['tickets', 'crm.objects.tickets.read'],
      '/crm/properties/2026-09/p_vehicles': ['crm.objects.custom.read', 'crm.schemas.custom.read'],
      '/crm/pipelines/2026-09/0-5': ['tickets', 'crm.objects.tickets.read', 'crm.schemas.tickets.read'],
      '/crm/objects/2026-09/p_vehicles': ['crm.objects.custom.read'],
      '/crm/owners/2026-09': ['crm.objects.owners.read'],
      '/crm/associations/2026-09/contacts/companies/labels': ['crm.objects.companies.read'],
    };
    for (const [path, requiredGranularScopes] of Object.entries(refused)) {
      const answer = await sandbox.fetch(path);
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({
        category: 'MISSING_SCOPES',
        errors: [{ context: { requiredGranularScopes } }],
      });
    }
    sandbox.access.setScopes('all');
    expect((await sandbox.fetch('/crm/objects/2026-09/deals')).status).toBe(200);
  });

  it.each([
    ['emails', ['crm.objects.contacts.read', 'sales-email-read']],
    ['feedback_submissions', ['crm.objects.contacts.read', 'crm.objects.feedback_submissions.read']],
    ['products', ['crm.objects.products.read', 'e-commerce']],
    ['line_items', ['crm.objects.line_items.read', 'e-commerce']],
    ['quotes', ['crm.objects.quotes.read', 'e-commerce']],
    ['discounts', ['crm.objects.line_items.read', 'e-commerce']],
    ['fees', ['crm.objects.line_items.read', 'e-commerce']],
  ])('reads %s only with both of %j, their properties with the first', async (type, scopes) => {
    await start();
    const statuses = async (path: string) => {
      const seen: number[] = [];
      for (const granted of [[scopes[0]], [scopes[1]], scopes] as string[][]) {
        sandbox.access.setScopes(granted);
        seen.push((await sandbox.fetch(path)).status);
      }
      return seen;
    };
    expect(await statuses(`/crm/objects/2026-09/${type}`)).toEqual([403, 403, 200]);
    expect(await statuses(`/crm/properties/2026-09/${type}`)).toEqual([200, 403, 200]);
    expect(await statuses(`/crm/pipelines/2026-09/${type}`)).toEqual([200, 403, 200]);
  });

  it.each(['tickets', 'crm.objects.tickets.read'])('reads tickets with the scope %s', async (scope) => {
    await start({ scopes: [scope] });
    expect((await sandbox.fetch('/crm/objects/2026-09/tickets')).status).toBe(200);
  });

  describe('token info', () => {
    const ask = (tokenKey: string) =>
      fetch(`${sandbox.url}/oauth/v2/private-apps/get/access-token-info`, {
        method: 'POST',
        body: JSON.stringify({ tokenKey }),
      });
    const introspect = (form: Record<string, string>, version = '2026-09') => {
      const { clientId, clientSecret } = sandbox.oauth;
      const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...form });
      return fetch(`${sandbox.url}/oauth/${version}/token/introspect`, { method: 'POST', body });
    };

    it('tells the scopes of the static token, and of no other', async () => {
      await start({ scopes: ['tickets', 'e-commerce'], portalId: 77 });
      const answer = await ask(sandbox.token);
      expect([answer.status, await answer.json()]).toEqual([
        200,
        {
          userId: expect.any(Number),
          hubId: 77,
          appId: expect.any(Number),
          scopes: ['tickets', 'e-commerce'],
        },
      ]);
      expect(sandbox.calls.counts().byKind).toEqual({ tokenInfo: 1 });
      for (const token of ['pat-na1-other', sandbox.access.issue().accessToken]) {
        expect((await ask(token)).status).toBe(401);
      }
    });

    it('names every scope that any call asks for, where all are granted', async () => {
      await start();
      const { scopes } = (await (await ask(sandbox.token)).json()) as { scopes: string[] };
      sandbox.access.setScopes([]);
      const asked = new Set<string>();
      const post = { method: 'POST', body: '{"inputs":[]}' };
      const calls: [string, RequestInit?][] = [
        ['/crm/owners/2026-09'],
        ['/crm-object-schemas/2026-09/schemas'],
        ['/deal-splits/2026-09/batch/read', post],
        ['/crm/associations/2026-09/contacts/deals/batch/read', post],
      ];
      for (const { id } of sandbox.portal.types.all().filter((type) => type.readable)) {
        calls.push([`/crm/objects/2026-09/${id}`], [`/crm/properties/2026-09/${id}`], [`/crm/pipelines/2026-09/${id}`]);
      }
      // Each refusal names one group: granted what it asks for, the call names the next one.
      for (const [path, init] of calls) {
        for (const granted of [
          [],
          ['crm.objects.contacts.read', 'crm.objects.line_items.read', 'crm.objects.products.read'],
        ]) {
          sandbox.access.setScopes(granted);
          const refused = (await (await sandbox.fetch(path, init)).json()) as {
            errors?: { context: { requiredGranularScopes: string[] } }[];
          };
          for (const scope of refused.errors?.[0]?.context.requiredGranularScopes ?? []) asked.add(scope);
        }
      }
      expect(asked.size).toBeGreaterThan(50);
      expect(asked).toContain('e-commerce');
      expect([...asked].filter((scope) => !scopes.includes(scope))).toEqual([]);
      expect(scopes).toContain('crm.objects.contacts.sensitive.read.v2');
      expect(scopes).toEqual([...new Set(scopes)].sort());
    });

    it('introspects OAuth access tokens, under the dated and the older path', async () => {
      await start({ expiresInSeconds: 60, scopes: ['tickets'] });
      const { accessToken } = sandbox.access.issue();
      time += 20_500;
      const active = {
        active: true,
        hub_id: 48_000_111,
        scopes: ['tickets'],
        client_id: sandbox.oauth.clientId,
        user_id: expect.any(Number),
        token_type: 'access',
        expires_in: 40,
      };
      const form = { token: accessToken, token_type_hint: 'access_token' };
      expect(await (await introspect(form)).json()).toEqual(active);
      expect(await (await introspect({ token: accessToken }, 'v3')).json()).toEqual(active);
      expect(await (await introspect({ token: sandbox.token })).json()).toEqual({ active: false });
      const stranger = await introspect({ token: accessToken, client_secret: 'x' });
      expect([stranger.status, await stranger.json()]).toMatchObject([400, { error: 'invalid_client' }]);
      time += 40_000;
      expect(await (await introspect({ token: accessToken })).json()).toEqual({ active: false });
    });

    it('can be refused', async () => {
      await start({ tokenInfo: 'refused' });
      const { accessToken } = sandbox.access.issue();
      for (const answer of [await ask(sandbox.token), await introspect({ token: accessToken })]) {
        expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/json;charset=utf-8']);
      }
    });
  });

  it('knows OAuth only under the older paths, where told to', async () => {
    await start({ oauthPaths: 'older' });
    expect((await refresh()).status).toBe(404);
    expect((await refresh({}, '/oauth/v3/token')).status).toBe(200);
    expect((await refresh({}, '/oauth/v1/token')).status).toBe(200);
  });

  it('hides sensitive properties without the scope for them', async () => {
    await start();
    const path = '/crm/objects/2026-09/contacts?properties=hs_social_security_hint';
    const names = async () => {
      const { results } = (await (await sandbox.fetch(path)).json()) as { results: { properties: object }[] };
      return Object.keys(results[0]?.properties ?? {});
    };
    expect(await names()).toContain('hs_social_security_hint');
    sandbox.access.setScopes(['crm.objects.contacts.read']);
    expect(await names()).not.toContain('hs_social_security_hint');
    const metadata = async (query: string) =>
      (await (await sandbox.fetch(`/crm/properties/2026-09/contacts${query}`)).text()).includes(
        'hs_social_security_hint',
      );
    expect([await metadata(''), await metadata('?dataSensitivity=sensitive')]).toEqual([false, true]);
  });
});
