import type { AssociationList, Histories, ObjectRow, RowInPage } from '../api/object-row.js';
import type { PageTemplate } from './page-template.js';

/** The positions of the values of a page's rows. */
export interface ScannedValues {
  template: PageTemplate;
  /** The spans of all rows, one row after the other; see {@link PageTemplate.scan}. */
  spans: Int32Array;
}

/** A row without its id and properties. */
export type RowRest = Omit<ObjectRow, 'id' | 'properties'>;

/** A row whose properties are parsed on demand, which layouts can do without. */
export class ScannedRow implements ObjectRow, RowInPage {
  readonly values: ScannedValues;
  /** The index of the row's first span. */
  readonly base: number;
  /** The row's UTF-8 as one character per byte, possibly followed by more of the page. */
  readonly text: string;
  readonly id: string;
  readonly createdAt?: string | null;
  readonly updatedAt?: string | null;
  readonly archived?: boolean;
  readonly archivedAt?: string | null;
  readonly associations?: Record<string, AssociationList>;
  readonly propertiesWithHistory?: Histories;
  #properties: Record<string, string | null> | null = null;

  constructor(values: ScannedValues, base: number, text: string, id: string, rest: RowRest) {
    this.values = values;
    this.base = base;
    this.text = text;
    this.id = id;
    const { createdAt, updatedAt, archived, archivedAt, associations, propertiesWithHistory } = rest;
    if (createdAt !== undefined) this.createdAt = createdAt;
    if (updatedAt !== undefined) this.updatedAt = updatedAt;
    if (archived !== undefined) this.archived = archived;
    if (archivedAt !== undefined) this.archivedAt = archivedAt;
    if (associations !== undefined) this.associations = associations;
    if (propertiesWithHistory !== undefined) this.propertiesWithHistory = propertiesWithHistory;
  }

  get inPage(): RowInPage {
    return this;
  }

  get properties(): Record<string, string | null> {
    this.#properties ??= Object.fromEntries(
      this.values.template.names.flatMap((name, index) => {
        const value = this.valueAt(index);
        return value === undefined ? [] : [[name, value]];
      }),
    );
    return this.#properties;
  }

  /** The value of one property without parsing the others; undefined: the row does not have it. */
  value(name: string): string | null | undefined {
    const index = this.values.template.indexOf(name);
    return index === -1 ? undefined : this.valueAt(index);
  }

  /** The same by the property's index in the template. */
  valueAt(index: number): string | null | undefined {
    const { spans } = this.values;
    const start = spans[this.base + 2 * index] ?? 0;
    const end = spans[this.base + 2 * index + 1] ?? 0;
    if (start === 0) return end === 0 ? undefined : null;
    return JSON.parse(Buffer.from(this.text.slice(start, Math.abs(end)), 'latin1').toString('utf8'));
  }
}
