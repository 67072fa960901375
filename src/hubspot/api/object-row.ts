/** A record as HubSpot's list, search and batch read answer it. */
export interface ObjectRow {
  id: string;
  /** Every value is a string, or null. */
  properties: Record<string, string | null>;
  createdAt?: string | null;
  updatedAt?: string | null;
  archived?: boolean;
  archivedAt?: string | null;
  /** The row in the bytes of its page, where it was not parsed. */
  readonly inPage?: RowInPage;
  /** By the other object's name as HubSpot spells it in answers ("line items"); only in lists that asked for them. */
  associations?: Record<string, AssociationList>;
}

/** A row whose values are found in the bytes of its page. */
export interface RowInPage {
  readonly values: { readonly template: RowTemplate; readonly spans: Int32Array };
  /** Where the row's spans begin. */
  readonly base: number;
  /** The row's UTF-8 bytes as characters, and perhaps what follows. */
  readonly text: string;
  /** The value of one property, without parsing the others; undefined: the row does not have it. */
  value(name: string): string | null | undefined;
  /** The same by the property's place in the template. */
  valueAt(index: number): string | null | undefined;
}

/** The names of the properties in a page's rows, in their order. */
export interface RowTemplate {
  readonly names: readonly string[];
  /** -1: no row of the page has it. */
  indexOf(name: string): number;
  /** Characters of a property's key in a row, with its colon. */
  keyLength(index: number): number;
}

/** The value of one property of a row. */
export function propertyOf(row: ObjectRow, name: string): string | null | undefined {
  return row.inPage ? row.inPage.value(name) : row.properties[name];
}

export interface AssociationList {
  results: { id: string; type: string }[];
  /** Present when the list goes on. */
  paging?: { next?: { after?: string } };
}
