import { parseSourceConfig } from '../../config/source.js';
import { MissingScopesError, UnavailableError } from '../../errors.js';
import { customObjectType } from '../../hubspot/api/object-types.js';
import { configureLog } from '../../log.js';
import { KnownObjects } from '../core/known-objects.js';
import { DECLARED_STREAMS } from '../registry.js';
import * as customObjects from './custom-objects.js';
import * as selection from './plan-streams.js';

const config = (more: object = {}) => parseSourceConfig({ credentials: { access_token: 'token-1' }, ...more });
const custom = (name: string) =>
  customObjectType({ name, objectTypeId: `2-${name}`, fullyQualifiedName: `p1_${name}` });
const planStreams = (given: ReturnType<typeof config>, known: KnownObjects) =>
  selection.planStreams(given, known, DECLARED_STREAMS);
const mayBeCustom = (given: ReturnType<typeof config>, names: string[] | null) =>
  customObjects.mayBeCustom(given, names, DECLARED_STREAMS);
let logged: string[];

beforeEach(() => {
  logged = [];
  configureLog({ sink: (_level, message) => logged.push(message) });
});

test('without criteria offers everything, by the names source-hubspot has for it', () => {
  const names = planStreams(config(), new KnownObjects([custom('vehicles')])).map((plan) => plan.name);
  expect(names).toEqual(
    expect.arrayContaining([
      'contacts',
      'engagements_calls',
      'goals',
      'line_items',
      'owners',
      'deal_pipelines',
      'vehicles',
    ]),
  );
  expect(new Set(names).size).toBe(names.length);
});

test('a custom object called like another stream is left out, or prefixed when that is asked for', () => {
  expect(
    planStreams(config(), new KnownObjects([custom('contacts')])).filter((plan) => plan.name.includes('contacts')),
  ).toHaveLength(1);
  expect(logged.join()).toContain('prefix_colliding_custom_objects');
  const names = planStreams(
    config({ prefix_colliding_custom_objects: true }),
    new KnownObjects([custom('contacts')]),
  ).map((plan) => plan.name);
  expect(names).toContain('custom_object_contacts');
});

test('with criteria offers just those, whatever name the object is given by', () => {
  const objects = [{ object_type: '0-1' }, { object_type: 'p_vehicles', name: 'cars' }, { object_type: 'owners' }];
  const plans = planStreams(config({ objects }), new KnownObjects([custom('vehicles')]));
  expect(plans.map((plan) => [plan.name, plan.subject, plan.obstacle])).toEqual([
    ['contacts', 'contacts', undefined],
    ['cars', 'custom', undefined],
    ['owners', 'owners', undefined],
  ]);
});

test.each([
  [[{ object_type: 'deals' }, { object_type: '0-3' }], 'objects[0] and objects[1] are both called "deals"'],
  [
    [
      {
        object_type: 'deals',
        filter_groups: [{ filters: Array(5).fill({ propertyName: 'a', operator: 'HAS_PROPERTY' }) }],
      },
    ],
    "objects[0].filter_groups is more than HubSpot's search takes",
  ],
])('says what is wrong with the criteria', (objects, message) => {
  expect(() => planStreams(config({ objects }), new KnownObjects([]))).toThrow(message);
});

test('an entry whose object is gone is planned as missing, beside the others', () => {
  const objects = [
    { object_type: 'contcats' },
    { object_type: 'p_cars' },
    { object_type: '2-7', name: 'x' },
    { object_type: 'deals' },
  ];
  const missing = (known: KnownObjects) =>
    planStreams(config({ objects }), known).map((plan) => [plan.name, plan.obstacle ?? null]);
  const gone = missing(new KnownObjects([]));
  expect(gone.map(([name]) => name)).toEqual(['contcats', 'cars', 'x', 'deals']);
  expect(gone[0]?.[1]).toMatchObject({
    kind: 'config_error',
    message: 'objects[0].object_type: this portal has no object called "contcats". Did you mean "contacts"?',
  });
  expect(gone[3]?.[1]).toBeNull();
  const unseen = missing(new KnownObjects(new MissingScopesError('no', [])));
  expect(unseen[1]?.[1]).toMatchObject({
    scopes: ['crm.schemas.custom.read'],
    message:
      'objects[1].object_type: "p_cars" is no standard object, and the token may not see the custom ones. Add the scope crm.schemas.custom.read to it.',
  });
  const unavailable = new UnavailableError('later');
  expect(missing(new KnownObjects(unavailable))[2]?.[1]).toBe(unavailable);
});

describe('association streams', () => {
  const contacts = { from_object: 'contacts', to_object: 'companies' };
  const vehicles = { from_object: 'vehicles', to_object: 'deals' };

  test('are offered beside what else there is, also where objects are chosen', () => {
    const options = { association_streams: [contacts], custom_object_association_streams: [vehicles] };
    const ours = ['associations_contacts_companies', 'associations_vehicles_deals'];
    const names = planStreams(config(options), new KnownObjects([])).map((plan) => plan.name);
    expect(names.slice(-2)).toEqual(ours);
    expect(names).toContain('contacts');
    const chosen = planStreams(config({ ...options, objects: [{ object_type: 'deals' }] }), new KnownObjects([]));
    expect(chosen.map((plan) => plan.name)).toEqual(['deals', ...ours]);
  });

  test.each([
    [
      { association_streams: [contacts, contacts] },
      'association_streams[1] is called "associations_contacts_companies", as is association_streams[0].',
    ],
    [
      { association_streams: [contacts], custom_object_association_streams: [contacts] },
      'as is association_streams[0].',
    ],
    [{ association_streams: [{ ...contacts, stream_name: 'deals' }] }, 'called "deals", as is the stream "deals".'],
  ])('have names of their own: %j', (options, message) => {
    expect(() => planStreams(config(options), new KnownObjects([]))).toThrow(message);
  });

  test('that differ in capital letters only are one: the later stream fails, and no other', () => {
    const options = { association_streams: [{ ...contacts, stream_name: 'Deals' }] };
    const plans = planStreams(config(options), new KnownObjects([]));
    const missing = plans.filter(({ obstacle }) => obstacle !== undefined);
    expect(missing).toMatchObject([{ name: 'Deals', obstacle: { code: 'HF-CONFIG' } }]);
    expect(plans.map(({ name }) => name)).toContain('deals');
  });

  test("need the portal's custom objects only where one of them is read", () => {
    const objects = [{ object_type: 'deals' }];
    const options = { association_streams: [contacts], custom_object_association_streams: [vehicles] };
    for (const more of [options, { ...options, objects }]) {
      expect(mayBeCustom(config(more), ['deals', 'associations_contacts_companies'])).toBe(false);
      expect(mayBeCustom(config(more), ['deals', 'associations_vehicles_deals'])).toBe(true);
      expect(mayBeCustom(config(more), null)).toBe(true);
    }
    expect(mayBeCustom(config({ association_streams: [contacts], objects }), null)).toBe(false);
  });
});

test("asks for the portal's custom objects only where a stream may be one", () => {
  expect(mayBeCustom(config(), null)).toBe(true);
  expect(mayBeCustom(config(), ['contacts', 'owners'])).toBe(false);
  expect(mayBeCustom(config(), ['vehicles'])).toBe(true);
  expect(mayBeCustom(config({ objects: [{ object_type: 'deals' }] }), null)).toBe(false);
  expect(mayBeCustom(config({ objects: [{ object_type: 'p_x' }] }), null)).toBe(true);
  expect(mayBeCustom(config({ objects: [{ object_type: 'deals', associations: ['p_x'] }] }), null)).toBe(true);
});

describe('a custom object called like a stream that is no object', () => {
  const known = new KnownObjects([custom('teams')]);

  test.each([{ objects: [{ object_type: 'teams' }] }, {}, { include: ['teams'] }])('is what is meant: %j', (given) => {
    const plans = planStreams(config(given), known).filter((plan) => plan.name === 'teams');
    expect(plans.map((plan) => plan.objectTypeId)).toEqual(['2-teams']);
    expect(mayBeCustom(config(given), ['teams'])).toBe(true);
    expect(logged).toEqual(
      'include' in given ? [expect.stringContaining('The stream teams of include is left out')] : [],
    );
  });

  test('without it, the stream is', () => {
    const none = new KnownObjects([]);
    for (const given of [{ objects: [{ object_type: 'teams' }] }, { include: ['teams'] }]) {
      expect(planStreams(config(given), none).map((plan) => plan.name)).toContain('teams');
    }
    expect(selection.planStreams(config(), none, DECLARED_STREAMS, ['teams']).map((plan) => plan.name)).toContain(
      'teams',
    );
  });
});

test('legacy streams are there only where they, their group or a catalog name them', () => {
  const none = new KnownObjects([]);
  const has = (given: object, named: readonly string[] | 'all' = []) =>
    selection.planStreams(config(given), none, DECLARED_STREAMS, named).some(({ name }) => name === 'engagements');
  expect([{}, { include: ['all'] }, { include: ['service'] }].map((given) => has(given))).toEqual([
    false,
    false,
    false,
  ]);
  expect([{ include: ['engagements'] }, { include: ['legacy'] }].map((given) => has(given))).toEqual([true, true]);
  expect([has({}, 'all'), has({}, ['engagements']), has({ exclude: ['legacy'] }, 'all')]).toEqual([true, true, false]);
});

test('what is no CRM object cannot be hashed, and does not come in clear instead', () => {
  const objects = [{ object_type: 'contacts' }, { object_type: 'owners', hash_properties: ['email'] }];
  expect(() => planStreams(config({ objects, hash_salt: 'a salt for these tests' }), new KnownObjects([]))).toThrow(
    'objects[1].hash_properties: only properties of CRM objects can be hashed, and owners are none.',
  );
});
