import { freshForEach } from '../../support/fresh.js';
import { loadBatches } from '../../support/loading.js';
import { StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';
import { extracted, type Item, KEY, KEYWORDS, modelOf, PROPERTIES, removalBehaviours } from '../removals.js';

const removed = new StandInWarehouse();
/** The stand-in takes seconds where DuckDB takes milliseconds. */
removalBehaviours(removed, 5, {
  points: ['after-remove', 'after-write', 'before-commit', 'after-commit'],
  destination: () => removed.destination(),
});

describe.each(['dropAfter', 'dropBefore'])('a commit whose answer is lost (%s)', (fault) => {
  const warehouse = new StandInWarehouse();
  const fresh = freshForEach(warehouse);
  afterEach(() => warehouse.standIn.rules([]));

  test.each(['append_dedup', 'overwrite'] as const)(
    '%s: what removals left of the batch is there once',
    async (mode) => {
      await warehouse.standIn.rules([
        { match: '^COMMIT', fault: { [fault]: true } },
        { match: '^COMMIT', fault: { error: { code: '390111', message: 'Session no longer exists.' } } },
      ]);
      const items: Item[] = [[5], [5, 1], [6, 1], [6], [6, 2], [null, 3]];
      const options = { stream: 't', properties: PROPERTIES, keywords: KEYWORDS, key: KEY, cursor: null, mode };
      await loadBatches(warehouse, fresh.folder, [items.map(extracted)], options);
      const found = await warehouse.rows('t', { deal: 'number', company: 'number', label: 'text' });
      expect(found.map(({ deal, company, label }) => `${deal}-${company}: ${label}`).sort()).toEqual(
        modelOf(items, mode),
      );
    },
  );
});
