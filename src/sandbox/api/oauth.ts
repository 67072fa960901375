import type { Call } from '../http/call.js';
import { ApiError, notFound } from '../http/errors.js';
import type { Handler, Services } from '../http/listener.js';
import { reply } from './reply.js';

/**
 * `POST /oauth/…/token` with a form in the body: a refresh token for a new access token.
 * Errors are RFC 6749's `error` and `error_description`, beside HubSpot's older `status` and `message`.
 */
export const tokenHandler: Handler = {
  open: true,
  answer(call, services) {
    const { access, portal } = services;
    refuseNewerPath(call, services);
    const form = new URLSearchParams(call.body);
    if (form.get('grant_type') !== 'refresh_token') {
      throw oauthError('unsupported_grant_type', 'BAD_GRANT_TYPE', 'missing or unknown grant type');
    }
    checkClient(form, services);
    if (form.get('refresh_token') !== access.refreshToken) {
      throw oauthError('invalid_grant', 'BAD_REFRESH_TOKEN', 'missing or invalid refresh token');
    }
    const issued = access.issue();
    return reply(services, {
      token_type: 'bearer',
      access_token: issued.accessToken,
      refresh_token: issued.refreshToken,
      expires_in: issued.expiresIn,
      hub_id: portal.account.portalId,
    });
  },
};

/** @throws ApiError 400 for another client than the portal's. */
export function checkClient(form: URLSearchParams, { access }: Services): void {
  const { clientId, clientSecret } = access.options;
  if (form.get('client_id') !== clientId) {
    throw oauthError('invalid_client', 'BAD_CLIENT_ID', 'missing or unknown client id');
  }
  if (form.get('client_secret') !== clientSecret) {
    throw oauthError('invalid_client', 'BAD_CLIENT_SECRET', 'missing or invalid client secret');
  }
}

/** @throws ApiError 404 for a date-based path in a portal that has only the older ones. */
export function refuseNewerPath(call: Call, { switches }: Services): void {
  if (switches.now.oauthPaths === 'older' && /^\/oauth\/\d{4}-/.test(call.path)) throw notFound();
}

function oauthError(error: string, status: string, message: string): ApiError {
  return new ApiError(400, { status, message, error, error_description: message });
}
