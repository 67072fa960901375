/** What the tables of Fivetran's layout have in common: they are read unless they are excluded, and have the time of emission as cursor. */
const TABLE = { isDefault: true, keepsNames: true, cursor: null } as const;

/** A table whose rows stay when they are gone, and are marked. */
export const MARKED = { ...TABLE, fivetran: 'marks' } as const;
/** A table without a mark: a row that is gone is taken away. */
export const REMOVED = { ...TABLE, fivetran: 'removes' } as const;
/** A table of which nothing goes. */
export const KEPT = { ...TABLE, fivetran: 'keeps' } as const;
