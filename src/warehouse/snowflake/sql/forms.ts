import { rawTarget } from '../../raw-form.js';
import type { Target } from '../../target.js';
import { insertAllRaw, keyText, mergeRaw } from './raw.js';
import { type Batch, keyValues } from './rows.js';
import { insertAll, mergeNewest } from './write.js';

/** How a stream's records lie in its table. */
export interface TableForm {
  /** The stream as its table sees it. */
  tableOf(target: Target): Target;
  insertAll(batch: Batch, table: string): string;
  merge(batch: Batch, table: string): string;
  /** The expressions on a record's data that tell rows apart. */
  keys(batch: Batch): string[];
  /** Whether a view gives the columns that the table does not have. */
  hasView: boolean;
}

export const TYPED: TableForm = {
  tableOf: (target) => target,
  insertAll,
  merge: mergeNewest,
  keys: keyValues,
  hasView: false,
};

const rawTargets = new WeakMap<Target, Target>();

export const RAW: TableForm = {
  tableOf: (target) => {
    const known = rawTargets.get(target) ?? rawTarget(target);
    rawTargets.set(target, known);
    return known;
  },
  insertAll: insertAllRaw,
  merge: mergeRaw,
  keys: ({ target }) => [keyText(target)],
  hasView: true,
};
