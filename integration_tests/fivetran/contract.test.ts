import { BESIDES, READ_BY_MODELS, TABLES } from './contract.js';

/** The contract itself: complete, and of one piece. */

test('it has the 56 tables that the models read, and three more', () => {
  expect(Object.keys(READ_BY_MODELS)).toHaveLength(56);
  expect(Object.keys(BESIDES)).toHaveLength(3);
});

test.each(Object.entries(TABLES))('%s has its key, the time of its row, and a mark where it says so', (_, table) => {
  expect(Object.keys(table.columns)).toEqual(expect.arrayContaining([...table.key, '_fivetran_synced']));
  expect('_fivetran_deleted' in table.columns).toBe(table.gone === 'mark');
});
