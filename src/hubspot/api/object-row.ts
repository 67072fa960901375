/** A record as HubSpot's list, search and batch read answer it. */
export interface ObjectRow {
  id: string;
  /** Every value is a string, or null. */
  properties: Record<string, string | null>;
  createdAt?: string | null;
  updatedAt?: string | null;
  archived?: boolean;
  archivedAt?: string | null;
  /** By the other object's name as HubSpot spells it in answers ("line items"); only in lists that asked for them. */
  associations?: Record<string, AssociationList>;
}

export interface AssociationList {
  results: { id: string; type: string }[];
  /** Present when the list goes on. */
  paging?: { next?: { after?: string } };
}
