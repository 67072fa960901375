import type { Account, Owner, Pipeline } from './account.js';
import type { Clock } from './clock.js';
import { ObjectStore } from './store.js';
import { LinkTypes } from './types/link-types.js';
import { customType, type ObjectType, ObjectTypes } from './types/object-types.js';
import { type NewProperty, PropertySet, property } from './types/properties.js';
import { STANDARD_TYPES } from './types/standard-types.js';

/** Activities, which HubSpot numbers together: no two of them have one id. */
const ACTIVITIES = ['calls', 'emails', 'meetings', 'notes', 'tasks', 'communications'];

/** Other ids of different types coincide, and all gain a digit early on, so that nobody may sort them as text. */
function firstId({ name, custom }: ObjectType): number {
  if (custom) return 9_999_999_960;
  return 1000 * 100 ** Math.max(0, ACTIVITIES.indexOf(name)) - 49;
}

/** What a portal is made of besides the content of its records: object types, properties, labels, owners, pipelines. */
export class Catalog {
  readonly types = new ObjectTypes(STANDARD_TYPES);
  readonly linkTypes = new LinkTypes();
  readonly owners: Owner[] = [];
  /** By object type id. */
  readonly pipelines = new Map<string, Pipeline[]>();
  readonly #stores = new Map<string, ObjectStore>();
  readonly #properties = new Map<string, PropertySet>();
  #customTypes = 0;

  constructor(
    readonly account: Account,
    readonly clock: Clock,
  ) {}

  type(name: string): ObjectType {
    return this.types.get(name);
  }

  store(type: ObjectType): ObjectStore {
    let store = this.#stores.get(type.id);
    if (store === undefined) {
      store = new ObjectStore(type, firstId(type));
      this.#stores.set(type.id, store);
    }
    return store;
  }

  properties(type: ObjectType): PropertySet {
    let set = this.#properties.get(type.id);
    if (set === undefined) {
      set = new PropertySet();
      this.#properties.set(type.id, set);
    }
    return set;
  }

  /** Adds a property, or replaces one of the same name. */
  addProperty(objectType: string, parts: NewProperty): void {
    this.properties(this.type(objectType)).put(property(parts, this.clock.now()));
  }

  /** Changes a property's metadata, its type included; values stay as they are. */
  changeProperty(objectType: string, name: string, parts: Partial<NewProperty>): void {
    const set = this.properties(this.type(objectType));
    set.put({ ...set.get(name), ...parts, name, updatedAt: this.clock.now() });
  }

  archiveProperty(objectType: string, name: string): void {
    const set = this.properties(this.type(objectType));
    set.put({ ...set.get(name), archivedAt: this.clock.now() });
  }

  restoreProperty(objectType: string, name: string): void {
    const set = this.properties(this.type(objectType));
    const { archivedAt: _, ...restored } = set.get(name);
    set.put(restored);
  }

  /** Defines a custom object; the API has it under `p_name`, `p<portal>_name` and the returned type's id. */
  addObjectType(name: string, labels: ObjectType['labels'], primaryDisplayProperty: string): ObjectType {
    const id = `2-${3_465_400 + ++this.#customTypes}`;
    const type = customType(this.account.portalId, id, name, labels, primaryDisplayProperty);
    this.types.add(type);
    return type;
  }
}
