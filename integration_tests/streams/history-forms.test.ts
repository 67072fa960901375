import { DEAL_STAGE_FORM, fivetranForm } from '../../src/streams/crm/history/fivetran-forms.js';
import { airbyteForm, columnsForm, type HistoryForm } from '../../src/streams/crm/history/history-form.js';
import { SNOWFLAKE_NAMES } from '../../src/warehouse/snowflake/sql/quote.js';
import { targetsOf } from '../../src/warehouse/target.js';

const FORMS: [string, HistoryForm][] = [
  ...['contacts', 'companies', 'deals', 'tickets'].map((object): [string, HistoryForm] => [
    `${object} in the layout airbyte`,
    airbyteForm(object, true),
  ]),
  ['the layout columns', columnsForm(true)],
  ...['contacts', 'tickets'].map((object): [string, HistoryForm] => [
    `${object} in the layout fivetran`,
    fivetranForm(object, 'id'),
  ]),
  ['deal_stage', DEAL_STAGE_FORM],
];

test.each(FORMS)('our writer dates the rows of the history of %s', (_, { key, cursorField, schema, keywords }) => {
  const [target] = targetsOf(
    [
      {
        stream: {
          name: 'history',
          json_schema: { type: 'object', properties: schema, ...keywords },
          supported_sync_modes: ['incremental'],
          default_cursor_field: [cursorField],
          source_defined_primary_key: key.map((field) => [field]),
        },
        sync_mode: 'incremental',
        destination_sync_mode: 'append_dedup',
      },
    ],
    { schema: 'main', tableName: null, hardDeletes: true, tableForm: 'typed', names: SNOWFLAKE_NAMES },
  );
  expect(target?.validity).not.toBeNull();
});
