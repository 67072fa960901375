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
      '/crm/objects/2026-09/quotes': ['crm.objects.quotes.read', 'e-commerce'],
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
