/** A record as returned by HubSpot's list, search and batch read. */
export interface ObjectRow {
  id: string;
  /** Every value is a string, or null. */
  properties: Record<string, string | null>;
  createdAt?: string | null;
  updatedAt?: string | null;
  archived?: boolean;
  archivedAt?: string | null;
  /** The row within the bytes of its page, unless it was parsed. */
  readonly inPage?: RowInPage;
  /** By the associated object's name as HubSpot spells it in responses ("line items"); only in lists that requested them. */
  associations?: Record<string, AssociationList>;
  /** The values that properties have had, newest first; only where they were asked for. */
  propertiesWithHistory?: Histories;
}

/** By property, the values that it has had, newest first. */
export type Histories = Readonly<Record<string, readonly Version[] | undefined>>;

/** A value that a property has had, as HubSpot has it. */
export interface Version {
  value?: string | null;
  /** When it was set. */
  timestamp?: string;
  sourceType?: string | null;
  sourceId?: string | null;
  sourceLabel?: string | null;
  updatedByUserId?: number | null;
}

/** A row whose values are read from the bytes of its page on demand. */
export interface RowInPage {
  readonly values: { readonly template: RowTemplate; readonly spans: Int32Array };
  /** The index of the row's first span. */
  readonly base: number;
  /** The row's UTF-8 as one character per byte, possibly followed by more of the page. */
  readonly text: string;
  /** The value of one property without parsing the others; undefined: the row does not have it. */
  value(name: string): string | null | undefined;
  /** The same by the property's index in the template. */
  valueAt(index: number): string | null | undefined;
}

/** The names of the properties in a page's rows, in their order. */
export interface RowTemplate {
  readonly names: readonly string[];
  /** -1: no row of the page has the property. */
  indexOf(name: string): number;
  /** The length of a property's key with its colon. */
  keyLength(index: number): number;
}

/** The value of one property of a row. */
export function propertyOf(row: ObjectRow, name: string): string | null | undefined {
  return row.inPage ? row.inPage.value(name) : row.properties[name];
}

export interface AssociationList {
  results: { id: string; type: string }[];
  /** Present when more pages follow. */
  paging?: { next?: { after?: string } };
}
