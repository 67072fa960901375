import { ConfigError } from '../errors.js';
import { configureLog, log } from '../log.js';
import { parsePipelineConfig } from './pipeline.js';
import { parseSourceConfig } from './source.js';

const credentials = { credentials_title: 'Private App Credentials', access_token: 'pat-na1-test-token' };
let warnings: string[];

beforeEach(() => {
  warnings = [];
  configureLog({ sink: (_level, message) => warnings.push(message) });
});

test('gives every option its default', () => {
  expect(parseSourceConfig({ credentials })).toMatchObject({
    baseUrl: 'https://api.hubapi.com',
    credentials: { kind: 'token', accessToken: 'pat-na1-test-token' },
    startDate: null,
    objects: null,
    associationStreams: [],
    layout: 'airbyte',
    deletes: 'mark',
    deletesEveryMinutes: 0,
    lookbackMinutes: 60,
    maxInFlight: 12,
    burstShare: 0.9,
    dailyReserve: 0,
  });
});

test("takes source-hubspot's configuration as it is", () => {
  const config = parseSourceConfig({
    credentials: {
      credentials_title: 'OAuth Credentials',
      client_id: 'i',
      client_secret: 'secret-1',
      refresh_token: 'refresh-1',
    },
    start_date: '2017-01-25T00:00:00Z',
    enable_experimental_streams: false,
    num_workers: 7,
    lookback_window: 30,
  });
  expect(config).toMatchObject({
    credentials: { kind: 'oauth', clientId: 'i', clientSecret: 'secret-1', refreshToken: 'refresh-1' },
    startDate: '2017-01-25T00:00:00.000Z',
    maxInFlight: 7,
    lookbackMinutes: 30,
  });
  expect(warnings).toEqual([]);
});

test.each([['1970-01-01T00:00:00Z'], [''], [null]])(
  'starts from the beginning with the start date %j',
  (start_date) => {
    expect(parseSourceConfig({ credentials, start_date }).startDate).toBeNull();
  },
);

test('guesses what kind of credentials was given when nobody says', () => {
  expect(parseSourceConfig({ credentials: { access_token: 'token-abc' } }).credentials.kind).toBe('token');
});

test('reads search criteria, with a date as its first instant', () => {
  const filter_groups = [{ filters: [{ propertyName: 'lifecyclestage', operator: 'EQ', value: 'customer' }] }];
  const config = parseSourceConfig({
    credentials,
    objects: [
      { object_type: 'contacts', name: 'customers', updated_after: '2024-02-29', filter_groups, properties: ['email'] },
    ],
  });
  expect(config.objects).toEqual([
    {
      objectType: 'contacts',
      name: 'customers',
      updatedAfter: '2024-02-29T00:00:00.000Z',
      filterGroups: filter_groups,
      properties: ['email'],
      excludeProperties: [],
      hashProperties: [],
      associations: null,
      history: null,
    },
  ]);
});

test.each([
  [true, ['*']],
  [false, []],
  [['amount'], ['amount']],
  [undefined, null],
])('reads history: %j', (history, read) => {
  const { objects } = parseSourceConfig({ credentials, objects: [{ object_type: 'deals', history }] });
  expect(objects?.map((each) => each.history)).toEqual([read]);
});

test("refuses a name of one's own in the layout of Fivetran, and raw tables", () => {
  const layout = 'fivetran';
  const named = [{ object_type: 'deals' }, { object_type: 'contacts', name: 'people' }];
  expect(() => parseSourceConfig({ credentials, layout, objects: named })).toThrow(
    'objects[1].name: in the layout "fivetran" tables have the names that Fivetran gives them.',
  );
  const destination = { type: 'duckdb', path: 'x', table_form: 'raw' };
  expect(() => parsePipelineConfig({ name: 'x', source: { credentials, layout }, destination })).toThrow(
    'The layout "fivetran" needs tables with columns, and table_form is "raw"',
  );
});

test('reads the association streams of both options, called as source-hubspot calls them', () => {
  const config = parseSourceConfig({
    credentials,
    association_streams: [
      { from_object: 'deals', to_object: 'contacts' },
      { from_object: ' deals', to_object: 'line_items', stream_name: '' },
    ],
    custom_object_association_streams: [
      { from_object: 'p_vehicles', to_object: '2-12345' },
      { from_object: 'p_vehicles', to_object: 'contacts', stream_name: 'drivers' },
    ],
  });
  expect(config.associationStreams).toEqual([
    { fromObject: 'deals', toObject: 'contacts', name: 'associations_deals_contacts', path: 'association_streams[0]' },
    {
      fromObject: 'deals',
      toObject: 'line_items',
      name: 'associations_deals_line_items',
      path: 'association_streams[1]',
    },
    {
      fromObject: 'p_vehicles',
      toObject: '2-12345',
      name: 'associations_p_vehicles_2-12345',
      path: 'custom_object_association_streams[0]',
    },
    { fromObject: 'p_vehicles', toObject: 'contacts', name: 'drivers', path: 'custom_object_association_streams[1]' },
  ]);
  expect(warnings).toEqual([]);
});

test('never looks back less than HubSpot may be late, and says so', () => {
  expect(parseSourceConfig({ credentials, lookback_window: 0 }).lookbackMinutes).toBe(10);
  expect(warnings.join()).toContain('lookback_window is 0 minutes; 10 are used');
});

test('warns of an option it does not know, and names the nearest it does', () => {
  parseSourceConfig({ credentials, layuot: 'columns', objects: [{ object_type: 'deals', propertys: [] }] });
  expect(warnings).toEqual([
    expect.stringContaining('unknown option layuot; it is ignored. Did you mean layout?'),
    expect.stringContaining('unknown option objects[0].propertys; it is ignored. Did you mean properties?'),
  ]);
});

test.each(['access_token', 'client_id', 'client_secret', 'refresh_token'])(
  '%s: what is around it is left out, and an invisible character in it refused, without showing it',
  (key) => {
    const good: Record<string, string> =
      key === 'access_token'
        ? { access_token: 'pat-na1-1' }
        : { client_id: 'id-1', client_secret: 'secret-1', refresh_token: 'refresh-1' };
    const parse = (value: string) => parseSourceConfig({ credentials: { ...good, [key]: value } }).credentials;
    expect(Object.values(parse('\ufeff hush-1\u200b\n'))).toContain('hush-1');
    expect(() => parse('hush\u20111')).toThrow(
      new ConfigError(
        `credentials.${key} has a character that cannot be in a token: U+2011 (no-break hyphen) at position 5. Copy it again from HubSpot.`,
      ),
    );
  },
);

test('warns of an option that it does not act on', () => {
  parseSourceConfig({ credentials, enable_experimental_streams: true });
  expect(warnings.join()).toContain('enable_experimental_streams is not acted on');
});

test.each([
  [null, 'the document should be an object, but is null'],
  [{}, 'credentials is missing'],
  [
    { credentials: {} },
    'credentials.credentials_title should be one of "OAuth Credentials", "Private App Credentials"',
  ],
  [{ credentials: { credentials_title: 'Basic' } }, 'credentials.credentials_title should be one of'],
  [{ credentials: { credentials_title: 'OAuth Credentials', client_id: 'i' } }, 'credentials.client_secret is missing'],
  [
    { credentials: { ...credentials, access_token: 5 } },
    'credentials.access_token should be a string, but is something else',
  ],
  [{ credentials: { ...credentials, access_token: ' ' } }, 'credentials.access_token is empty'],
  [
    { credentials, start_date: 'yesterday' },
    'start_date should have the form YYYY-MM-DDTHH:mm:ssZ, but is "yesterday"',
  ],
  [{ credentials, start_date: '2023-02-30' }, 'start_date should be a date of the calendar, but is "2023-02-30"'],
  [{ credentials, num_worker: 'many' }, 'num_worker should be an integer, but is "many"'],
  [{ credentials, num_worker: 0 }, 'num_worker must be >= 1, but is 0'],
  [{ credentials, layout: 'rows' }, 'layout should be one of "airbyte", "columns", "fivetran", but is "rows"'],
  [{ credentials, objects: [{}] }, 'objects.0.object_type is missing'],
  [{ credentials, association_streams: [{ from_object: 'deals' }] }, 'association_streams.0.to_object is missing'],
  [
    { credentials, objects: [{ object_type: 'deals', updated_after: 'x' }] },
    'objects.0.updated_after should have the form',
  ],
])('says what is wrong with %j', (config, message) => {
  expect(() => parseSourceConfig(config)).toThrow(message);
});

test('names every mistake at once', () => {
  expect(() => parseSourceConfig({ credentials, num_worker: 'x', layout: 'y' })).toThrow(
    /layout.*num_worker|num_worker.*layout/,
  );
});

test('shows no secret in a message', () => {
  const secret = {
    credentials_title: 'OAuth Credentials',
    client_id: 'i',
    client_secret: ['hush-hush'],
    refresh_token: 'r',
  };
  expect(() => parseSourceConfig({ credentials: secret })).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('hush') }),
  );
});

describe('hashing', () => {
  const hash_salt = 'a long and random salt';
  const objects = [{ object_type: 'contacts' }, { object_type: 'deals', hash_properties: ['dealname'] }];

  test('takes a salt', () => {
    expect(parseSourceConfig({ credentials, objects, hash_salt }).hashSalt).toBe(hash_salt);
    expect(parseSourceConfig({ credentials }).hashSalt).toBeNull();
    for (const none of [{}, { hash_salt: '' }, { hash_salt: null }]) {
      expect(() => parseSourceConfig({ credentials, objects, ...none })).toThrow(
        'hash_salt is missing, without which objects[1].hash_properties cannot hash. Give a long random text,',
      );
      expect(() => parseSourceConfig({ credentials, sensitive: 'hash', ...none })).toThrow(
        'hash_salt is missing, without which sensitive: "hash" cannot hash.',
      );
    }
  });

  test('takes the salt without white space around it', () => {
    for (const around of ['', '\n', ' \r\n']) {
      expect(parseSourceConfig({ credentials, hash_salt: `${around}${hash_salt}${around}` }).hashSalt).toBe(hash_salt);
    }
    expect(() => parseSourceConfig({ credentials, hash_salt: `short${' '.repeat(16)}` })).toThrow('16 characters');
  });

  test('shows the salt neither in a message nor in a log line', () => {
    expect(() => parseSourceConfig({ credentials, hash_salt: 'hush-hush' })).toThrow(
      'hash_salt should have 16 characters or more.',
    );
    parseSourceConfig({ credentials, hash_salt: 'the hush-hush of a salt' });
    log.warn('it is the hush-hush of a salt');
    expect(warnings.at(-1)).toBe('it is ****');
  });

  test.each(['hs_object_id', 'hs_lastmodifieddate', 'lastmodifieddate', 'hs_merged_object_ids'])(
    'refuses %s, which records have in clear anyway',
    (name) => {
      const given = [{ object_type: 'contacts', hash_properties: ['email', name] }];
      expect(() => parseSourceConfig({ credentials, objects: given, hash_salt })).toThrow(
        `objects[0].hash_properties[1]: "${name}" cannot be hashed, as records also have it as their id, time or merges.`,
      );
    },
  );
});

test.each([
  ['EQ', {}, '"value", with which EQ compares amount'],
  ['IN', { value: '5' }, '"values"'],
  ['NOT_IN', { values: [] }, '"values"'],
  ['BETWEEN', { value: '5' }, '"highValue"'],
  ['CONTAINS_TOKEN', { value: '' }, '"value"'],
])('a filter by %s that lacks what it compares with is refused: %j', (operator, more, lacking) => {
  const filters = [
    { propertyName: 'amount', operator: 'HAS_PROPERTY' },
    { propertyName: 'amount', operator, ...more },
  ];
  const config = {
    credentials: { access_token: 'pat-na1-x' },
    objects: [{ object_type: 'deals', filter_groups: [{ filters }] }],
  };
  expect(() => parseSourceConfig(config)).toThrow(`objects[0].filter_groups[0].filters[1] has no ${lacking}`);
});
