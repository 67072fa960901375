import { standardObject } from '../../hubspot/api/object-types.js';
import { configureLog } from '../../log.js';
import { idColumn, propertyColumn, propertyColumns, referenceColumn, singular, tableOf } from './fivetran-names.js';

let logged: string[];
beforeEach(() => {
  logged = [];
  configureLog({ sink: (_level, message) => logged.push(message) });
});

// As the dbt package, and SQL of people who use Fivetran's tables, show them.
test.each([
  ['firstname', 'property_firstname'],
  ['address2', 'property_address_2'],
  ['hs_v2_date_entered_lead', 'property_hs_v_2_date_entered_lead'],
  ['hs_latest_source_data_1', 'property_hs_latest_source_data_1'],
  ['hs_date_entered_54bf5b9c-2198-4ba9', 'property_hs_date_entered_54_bf_5_b_9_c_2198_4_ba_9'],
  ['salesforce__c', 'property_salesforce_c'],
  ['ends_', 'property_ends_'],
  ['closeDate', 'property_close_date'],
  ['größe', 'property_gr_e'],
])('the property %s is in the column %s', (property, column) => {
  expect(propertyColumn(property)).toBe(column);
});

test('of two properties that would share a column both are kept, the second with a number, which is said once', () => {
  const properties = ['address2', 'address_2', 'address__2', 'is_deleted'];
  expect(propertyColumns('companies', properties, ['id', 'is_deleted'])).toEqual([
    'property_address_2',
    'property_address_2_2',
    'property_address_2_3',
    'property_is_deleted',
  ]);
  expect(logged).toEqual([
    'The property address_2 of companies is in the column property_address_2_2: another one is called property_address_2.',
    'The property address__2 of companies is in the column property_address_2_3: another one is called property_address_2.',
  ]);
});

test('deals have columns of their own for pipeline, stage and owner; other objects have not', () => {
  const properties = ['pipeline', 'dealstage', 'hubspot_owner_id'];
  expect(propertyColumns('deals', properties, [])).toEqual(['deal_pipeline_id', 'deal_pipeline_stage_id', 'owner_id']);
  expect(propertyColumns('tickets', ['hs_pipeline', 'hubspot_owner_id'], [])).toEqual([
    'property_hs_pipeline',
    'property_hubspot_owner_id',
  ]);
});

test.each([
  ['contacts', 'contacts', 'contact', 'id', 'contact_id'],
  ['companies', 'companies', 'company', 'id', 'company_id'],
  ['deals', 'deals', 'deal', 'deal_id', 'deal_id'],
  ['calls', 'engagements_calls', 'engagement_call', 'engagement_id', 'engagement_id'],
  ['taxes', 'taxes', 'tax', 'id', 'tax_id'],
  ['users', 'users', 'crm_user', 'id', 'user_id'],
  ['p1_Wartungs_Plan', 'Wartungs_Plan', 'wartungs_plan', 'id', 'wartungs_plan_id'],
  ['p1_campus', 'campus', 'campus', 'id', 'campus_id'],
])(
  'records of %s are in a table in the singular, those of custom objects in one of their name',
  (name, stream, table, id, reference) => {
    const object = { ...standardObject('contacts'), name, stream, custom: name.startsWith('p1_') };
    expect([tableOf(object), idColumn(name), referenceColumn(object)]).toEqual([table, id, reference]);
  },
);

test.each([
  ['addresses', 'address'],
  ['boxes', 'box'],
  ['glass', 'glass'],
  ['postal_mail', 'postal_mail'],
])('the singular of %s is %s', (plural, one) => {
  expect(singular(plural)).toBe(one);
});
