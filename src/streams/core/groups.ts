/** What streams are about: the names by which a configuration includes or excludes several at once. */
export const GROUPS = [
  'crm',
  'metadata',
  'lists',
  'marketing',
  'automation',
  'settings',
  'sales',
  'service',
  'events',
  'content',
  /** What properties of records were before. It multiplies rows and calls, so `all` does not name it. */
  'history',
  /** What only older connections have: `all` does not name it. */
  'legacy',
] as const;

export type Group = (typeof GROUPS)[number];
