import { paths } from '../hubspot/client/paths.js';
import type { JsonObject } from '../protocol/messages.js';
import { optionalScopes } from './optional-scopes.js';

const CREDENTIALS = 'credentials';

/**
 * How a platform obtains an OAuth user's refresh token, so that its form has one button in place of three fields: Airbyte's
 * declarative OAuth, in which the platform fills in the names in double braces.
 *
 * Only the scope that HubSpot requires of every app is mandatory. The scopes of the streams are optional: HubSpot leaves out those
 * that the portal's products do not have, instead of turning the user away.
 *
 * https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth/working-with-oauth
 */
export async function advancedAuth(): Promise<JsonObject> {
  const optional = (await optionalScopes()).map(encodeURIComponent).join('%20');
  const fromApp = ['client_id', 'client_secret'];
  return {
    auth_flow_type: 'oauth2.0',
    predicate_key: [CREDENTIALS, 'credentials_title'],
    predicate_value: 'OAuth Credentials',
    oauth_config_specification: {
      oauth_connector_input_specification: {
        consent_url:
          'https://app.hubspot.com/oauth/authorize?{{client_id_param}}&{{redirect_uri_param}}&{{scope_param}}' +
          `&optional_scope=${optional}&{{state_param}}`,
        scope: 'oauth',
        access_token_url: `https://api.hubapi.com${paths.token()}`,
        access_token_headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        access_token_params: {
          grant_type: 'authorization_code',
          client_id: '{{ client_id_value }}',
          client_secret: '{{ client_secret_value }}',
          redirect_uri: '{{ redirect_uri_value }}',
          code: '{{ auth_code_value }}',
        },
        extract_output: ['refresh_token'],
      },
      complete_oauth_output_specification: object(['refresh_token'], (name) => ({
        type: 'string',
        path_in_connector_config: [CREDENTIALS, name],
        path_in_oauth_response: [name],
      })),
      complete_oauth_server_input_specification: object(fromApp, () => ({ type: 'string' })),
      complete_oauth_server_output_specification: object(fromApp, (name) => ({
        type: 'string',
        path_in_connector_config: [CREDENTIALS, name],
      })),
    },
  };
}

function object(names: string[], property: (name: string) => JsonObject): JsonObject {
  return {
    type: 'object',
    required: names,
    properties: Object.fromEntries(names.map((name) => [name, property(name)])),
  };
}
