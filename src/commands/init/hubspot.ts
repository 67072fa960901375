import { literal } from '../../config/environment.js';
import { parseSourceConfig } from '../../config/source.js';
import { nearest } from '../../config/suggest.js';
import {
  asHubflakeError,
  ConfigError,
  CredentialsError,
  type HubflakeError,
  MissingScopesError,
} from '../../errors.js';
import { redact } from '../../log.js';
import { textTable } from '../runner/text-table.js';
import type { Answers } from './answers.js';
import { type PortalOffer, readOffer } from './portal-offer.js';
import type { Secrets } from './secrets.js';

/** The variable that a pipeline takes its refresh token from. */
export const REFRESH_TOKEN = 'HUBSPOT_REFRESH_TOKEN';

/** Asks for HubSpot's credentials until it takes them, and for what to read. Returns the pipeline's `source`. */
export async function askHubSpot(answers: Answers, secrets: Secrets, signal: AbortSignal): Promise<object> {
  const kind = await askKind(answers);
  let mayAskAgain = false;
  for (;;) {
    const credentials = kind === 'oauth' ? await askApp(answers, mayAskAgain) : await askToken(answers, mayAskAgain);
    try {
      const offer = await tryCredentials(answers, credentials, signal);
      const objects = await askObjects(answers, offer);
      return {
        credentials: inPipeline(credentials, secrets),
        ...(objects === null ? {} : { objects: objects.map((name) => ({ object_type: literal(name) })) }),
        layout: 'columns',
      };
    } catch (caught) {
      const error = asHubflakeError(caught);
      if (!answers.prompts || !isAboutCredentials(error)) throw error;
      answers.prompts.warn(`${redact(error.message)} Type it again, or press Ctrl-C to stop.`);
      mayAskAgain = true;
    }
  }
}

type Credentials = { access_token: string } | { client_id: string; client_secret: string; refresh_token: string };

function isAboutCredentials(error: HubflakeError): boolean {
  return [CredentialsError, MissingScopesError].some((kind) => error instanceof kind) || error instanceof BadToken;
}

/** A text that cannot be a token, as its parser found. */
class BadToken extends ConfigError {}

function askKind(answers: Answers): Promise<'token' | 'oauth'> {
  // What is in the environment answers it, too.
  if (!answers.given('auth') && answers.given('token', 'HUBSPOT_TOKEN')) return Promise.resolve('token');
  return answers.choice('auth', 'How do you log in to HubSpot?', [
    { value: 'token', label: 'A service key, or the access token of a private app' },
    { value: 'oauth', label: 'An OAuth app: client id, client secret, refresh token' },
  ]);
}

async function askToken(answers: Answers, again: boolean): Promise<Credentials> {
  const question = { flag: 'token', variable: 'HUBSPOT_TOKEN', message: 'The service key or access token' };
  return { access_token: await secret(answers, question, again) };
}

async function askApp(answers: Answers, again: boolean): Promise<Credentials> {
  const id = { flag: 'client-id', variable: 'HUBSPOT_CLIENT_ID', message: 'Client ID of the app' };
  const client_id = again && answers.prompts ? await answers.prompts.text(id) : await answers.text(id);
  const ofClient = { flag: 'client-secret', variable: 'HUBSPOT_CLIENT_SECRET', message: 'Client secret' };
  const ofPortal = {
    flag: 'refresh-token',
    variable: REFRESH_TOKEN,
    message: 'Refresh token, as HubSpot issued it when the app was installed in the portal',
  };
  const client_secret = await secret(answers, ofClient, again);
  return { client_id, client_secret, refresh_token: await secret(answers, ofPortal, again) };
}

/** @param again whether what was given beforehand was refused */
function secret(answers: Answers, question: Parameters<Answers['secret']>[0], again: boolean): Promise<string> {
  return again && answers.prompts ? answers.prompts.secret(question) : answers.secret(question);
}

async function tryCredentials(answers: Answers, credentials: Credentials, signal: AbortSignal): Promise<PortalOffer> {
  answers.say('Asking HubSpot what this may read …');
  const config = parsed(credentials);
  const offer = await readOffer(config, signal, (token) => {
    // Of some apps each refresh token serves once; the one to keep is the newest.
    if ('refresh_token' in credentials) credentials.refresh_token = token;
  });
  answers.say(describe(offer));
  return offer;
}

function parsed(credentials: Credentials) {
  try {
    return parseSourceConfig({ credentials, layout: 'columns' });
  } catch (error) {
    const isOfToken = error instanceof ConfigError && error.message.startsWith('credentials.');
    throw isOfToken ? new BadToken(error.message, { cause: error }) : error;
  }
}

function describe({ portal, streams, leftOut }: PortalOffer): string {
  const counted = streams.filter(({ records }) => records !== null);
  const others = streams.filter(({ records }) => records === null).map(({ name }) => name);
  return [
    portal === null ? 'HubSpot accepts it.' : `HubSpot accepts it: portal ${portal}.`,
    ...(counted.length > 0
      ? [
          textTable(
            ['object', 'records'],
            counted.map(({ name, records }) => [name, records ?? 0]),
          ),
        ]
      : []),
    ...(others.length > 0 ? [`And: ${others.join(', ')}.`] : []),
    ...(leftOut.length > 0
      ? [
          `${leftOut.length} streams cannot be read: ${leftOut[0]}${leftOut.length > 1 ? '; …' : ''}. docs/airbyte.md has the scope that each needs.`,
        ]
      : []),
  ].join('\n');
}

const ALL = 'all';

/** The streams to read; null: all. */
async function askObjects(answers: Answers, { streams, streamOf }: PortalOffer): Promise<string[] | null> {
  const names = streams.map(({ name }) => name);
  const given = answers.has('objects') ? (answers.given('objects') ?? '') : answers.flag('yes') ? ALL : undefined;
  if (given !== undefined || !answers.prompts) {
    const named = (given ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean);
    if (named.length === 0) throw new ConfigError('--objects names nothing. Name objects with commas, or "all".');
    const chosen = named.map((name) => {
      const stream = name.toLowerCase() === ALL ? ALL : streamOf(name);
      if (stream !== undefined) return stream;
      const meant = nearest(name, names);
      throw new ConfigError(
        `--objects names "${name}", which this token cannot read.${meant ? ` Did you mean "${meant}"?` : ''}`,
      );
    });
    return chosen.includes(ALL) ? null : [...new Set(chosen)];
  }
  const how = await answers.prompts.choice('What is to be synced?', [
    { value: ALL, label: `Everything that can be read (${names.length} streams, and what is added later)` },
    { value: 'some', label: 'Some of it, which I choose now' },
  ]);
  if (how === ALL) return null;
  const choices = streams.map(({ name, records }) => ({
    value: name,
    label: records === null ? name : `${name} (${records.toLocaleString('en')} records)`,
  }));
  return answers.prompts.choices('Which ones?', choices);
}

function inPipeline(credentials: Credentials, secrets: Secrets): object {
  if ('access_token' in credentials) {
    return {
      credentials_title: 'Private App Credentials',
      access_token: secrets.keep('HUBSPOT_TOKEN', credentials.access_token),
    };
  }
  return {
    credentials_title: 'OAuth Credentials',
    client_id: literal(credentials.client_id),
    client_secret: secrets.keep('HUBSPOT_CLIENT_SECRET', credentials.client_secret),
    refresh_token: secrets.keep(REFRESH_TOKEN, credentials.refresh_token),
  };
}
