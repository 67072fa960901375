import { type Clock, iso } from './clock.js';

/** What tells one collection from another. */
export interface CollectionOptions {
  /** Without a slash at its end; `:date` stands for any date-based version. */
  readonly path: string;
  /** The path before the date-based versions. */
  readonly olderPath?: string;
  /**
   * How HubSpot pages it, `after` by default: by `limit` and `after`. `none`: it is answered whole. `post`: as `after`, but asked by a POST
   * with `count` and `after` in its body. `offset`: newest first, by `limit` and an `offset` that only serves for the same question; those
   * between `startTimestamp` and `endTimestamp`, both included. `ids`: by `limit` and `offset`, in the order of ids, and no times. `newest`:
   * as `after`, but newest first (`isRising` turns it round). `search`: `after` counts items, and no more than 10,000; sorted as `sort` says,
   * and limited by `idGte`, `idLte` and `updatedAtGte`. `one`: the answer is the only item itself. `batch`: the items of another collection,
   * by the ids in the body of a POST. `recent`: those of the items of another collection that were updated lately, see {@link recent}.
   */
  readonly paging?: 'after' | 'none' | 'post' | 'offset' | 'ids' | 'newest' | 'search' | 'one' | 'batch' | 'recent';
  /**
   * Of `recent`: the path of the other collection, and how many days and items it reaches back. Newest first, by `count` and `offset`, from
   * `since` on, with their `total`.
   */
  readonly recent?: { readonly of: string; readonly days: number; readonly most: number };
  /**
   * Of a `batch`: the path of the other collection (its own, if HubSpot has no list of them), the most ids, the member of an input with its id
   * (`id` by default; null: the input is the id), and what is answered of one of its items besides; null: the item is not. `groups`: an
   * input is the value of a member of several items; it is answered under a name, and its items as a list under another.
   */
  readonly batch?: {
    readonly of: string;
    readonly most: number;
    readonly input?: string | null;
    readonly groups?: { readonly by: string; readonly name: string; readonly list: string };
    readonly more?: (item: CollectionItem, at: (path: string) => Collection) => object | null;
  };
  /**
   * Of items that belong to those of another collection: the path of that one, the name in `path` that stands for the id of an item of it
   * (neither: they belong to records), and which members of the items here have the values of the names in `path`. A list is of several
   * values.
   */
  readonly within?: {
    readonly of?: string;
    readonly id?: string;
    readonly by: Readonly<Record<string, string>>;
    /** Why HubSpot refuses to answer of an item there (400); undefined: it does not. */
    readonly refusal?: (parent: CollectionItem) => string | undefined;
  };
  /** Of one answer about an item of another collection: the path of that one, the parameter with the item's id, and the answer. */
  readonly about?: { readonly of: string; readonly by: string; readonly answer: (item: CollectionItem) => object };
  /** What a query makes of an item: members that it has besides; null: it is left out. */
  readonly asked?: (item: CollectionItem, query: URLSearchParams) => object | null;
  /** A parameter with an instant that leaves out items before it by a member, and asks to sort by that. */
  readonly since?: { readonly by: string; readonly member: string };
  /** The member of the answer with the items, `results` by default. */
  readonly results?: string;
  /** Items of a page: without a limit, and at most. */
  readonly pages?: readonly [usual: number, most: number];
  /**
   * A parameter without which items are left out: its name, and which member must be what, or a list that has it, where it is not `all`.
   */
  readonly narrowed?: { readonly by: string; readonly member: string; readonly usual: string };
  /** Parameters without which a call is refused. */
  readonly required?: readonly string[];
  /** The parameters that leave out what was not updated within a span of time, and whether its ends are within it. */
  readonly span?: { readonly from: string; readonly to: string; readonly isClosed: boolean };
  /** Whether the items of pages with `after` are in the order of their times, the latest first, and not in that of their ids. */
  readonly isNewestFirst?: boolean;
  /** The member that is answered in place of each item. */
  readonly bare?: string;
  /** An item as the API answers it; by default its members with id, createdAt, updatedAt, archived and archivedAt. */
  readonly shape?: (item: CollectionItem) => object;
  /** What a token needs for it: one of each group. */
  readonly scopes: readonly (readonly string[])[];
  /** Items that are there at the start, by their ids. */
  readonly items?: Readonly<Record<string, object>>;
  /** When such an item was made, epoch ms; when the sandbox starts by default. */
  readonly madeAt?: (id: string) => number;
}

/** An item of a collection: its members, and what the API says of every item. */
export interface CollectionItem {
  readonly id: string;
  readonly members: object;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When it was archived, epoch ms; undefined while it is there. */
  readonly archivedAt?: number;
}

/** Things of one kind that are no CRM records, such as forms: a list of items with members of any kind. */
export class Collection {
  readonly #items = new Map<string, CollectionItem>();
  /** Both lists as they stand; made again when an item has changed. */
  #lists: { live: readonly CollectionItem[]; archived: readonly CollectionItem[] } | null = null;
  /** The live items by the values of the names in the path. */
  #parts: Map<string, CollectionItem[]> | null = null;
  /** Whether `newest` is turned round, so that the oldest come first. */
  isRising = false;

  constructor(
    readonly options: CollectionOptions,
    readonly clock: Clock,
  ) {
    for (const [id, members] of Object.entries(options.items ?? {})) this.put(id, members, options.madeAt?.(id));
  }

  /** Creates an item, or changes its members. @param at when, epoch ms */
  put(id: string, members: object, at = this.clock.now()): void {
    this.#forget();
    const createdAt = this.#items.get(id)?.createdAt ?? at;
    this.#items.set(id, { id, members: { ...this.#items.get(id)?.members, ...members }, createdAt, updatedAt: at });
  }

  /** Takes an item out of the list; the list of archived items has it from then on. */
  archive(id: string, at = this.clock.now()): void {
    this.#forget();
    const item = this.#items.get(id);
    if (item) this.#items.set(id, { ...item, archivedAt: at });
  }

  /** Erases an item: no list has it any more. */
  erase(id: string): void {
    this.#forget();
    this.#items.delete(id);
  }

  /** The live items, or the archived ones, in the order of their ids. */
  list(archived: boolean): readonly CollectionItem[] {
    if (this.#lists === null) {
      const items = [...this.#items.values()].sort((a, b) => a.id.length - b.id.length || (a.id < b.id ? -1 : 1));
      this.#lists = {
        live: items.filter(({ archivedAt }) => archivedAt === undefined),
        archived: items.filter(({ archivedAt }) => archivedAt !== undefined),
      };
    }
    return archived ? this.#lists.archived : this.#lists.live;
  }

  /** The live items that belong to what the names in the path stand for. */
  part(params: Readonly<Record<string, string>>): readonly CollectionItem[] {
    const by = Object.entries(this.options.within?.by ?? {});
    if (this.#parts === null) {
      this.#parts = new Map();
      for (const item of this.list(false)) {
        const members = item.members as Record<string, unknown>;
        for (const key of combined(by.map(([, member]) => [members[member]].flat().map(String)))) {
          const part = this.#parts.get(key);
          if (part) part.push(item);
          else this.#parts.set(key, [item]);
        }
      }
    }
    return this.#parts.get(by.map(([name]) => params[name]).join('/')) ?? [];
  }

  #forget(): void {
    this.#lists = null;
    this.#parts = null;
  }

  json(item: CollectionItem): Record<string, unknown> {
    return { ...(this.options.shape ?? itemJson)(item) };
  }

  /** The live items as the API answers them, by their ids. */
  truth(): Map<string, Record<string, unknown>> {
    return new Map(this.list(false).map((item) => [item.id, this.json(item)]));
  }
}

/** One of each list, in all ways. */
function combined(lists: readonly (readonly string[])[]): string[] {
  return lists.reduce<string[]>(
    (before, list, index) => before.flatMap((start) => list.map((each) => (index === 0 ? each : `${start}/${each}`))),
    [''],
  );
}

/** An item as the API answers it. */
export function itemJson({ id, members, createdAt, updatedAt, archivedAt }: CollectionItem): Record<string, unknown> {
  return {
    ...members,
    id,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
    archived: archivedAt !== undefined,
    ...(archivedAt === undefined ? {} : { archivedAt: iso(archivedAt) }),
  };
}
