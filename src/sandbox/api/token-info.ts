import { invalidAuthentication, notFound } from '../http/errors.js';
import type { Handler, Services } from '../http/listener.js';
import { checkClient, refuseNewerPath } from './oauth.js';
import { reply } from './reply.js';
import { jsonBody } from './request.js';
import { everyScope } from './scopes.js';

/** The app a private token belongs to; made up. */
const APP_ID = 3_344_556;

/**
 * `POST /oauth/v2/private-apps/get/access-token-info` with `{"tokenKey": …}`: whose token a private app's or a service key's is,
 * and its scopes. What HubSpot answers for other tokens is not published; here it is 401.
 */
export const privateTokenInfoHandler: Handler = {
  open: true,
  answer(call, services) {
    refuseInfo(services);
    const { access, portal } = services;
    if (jsonBody(call).tokenKey !== access.options.token) throw invalidAuthentication();
    return reply(services, {
      userId: installingUser(services),
      hubId: portal.account.portalId,
      appId: APP_ID,
      scopes: grantedScopes(services),
    });
  },
};

/**
 * `POST /oauth/…/token/introspect` with a form of `token` and the client's id and secret: the same of an OAuth access token.
 * Tokens that are none, or no longer, are not active (RFC 7662).
 */
export const introspectHandler: Handler = {
  open: true,
  answer(call, services) {
    refuseNewerPath(call, services);
    refuseInfo(services);
    const { access, portal } = services;
    const form = new URLSearchParams(call.body);
    checkClient(form, services);
    const secondsLeft = access.secondsLeft(form.get('token') ?? '');
    if (secondsLeft <= 0) return reply(services, { active: false });
    return reply(services, {
      active: true,
      hub_id: portal.account.portalId,
      scopes: grantedScopes(services),
      client_id: access.options.clientId,
      user_id: installingUser(services),
      token_type: 'access',
      expires_in: secondsLeft,
    });
  },
};

function refuseInfo({ switches }: Services): void {
  if (switches.now.tokenInfo === 'refused') throw notFound();
}

function grantedScopes({ access, portal }: Services): readonly string[] {
  return access.scopes === 'all' ? everyScope(portal) : access.scopes;
}

function installingUser({ portal }: Services): number | undefined {
  return portal.owners[0]?.userId;
}
