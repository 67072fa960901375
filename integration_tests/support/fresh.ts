import { TestFolder } from './processes/command.js';
import type { TestWarehouse } from './test-warehouse.js';

/** Has each test of a suite begin with an empty warehouse and a folder of its own, which is gone behind it. */
export function freshForEach(warehouse: TestWarehouse): { folder: TestFolder } {
  const fresh = {} as { folder: TestFolder };
  beforeEach(async () => {
    fresh.folder = new TestFolder();
    await warehouse.begin();
  });
  afterEach(() => fresh.folder.remove());
  afterAll(() => warehouse.end());
  return fresh;
}
