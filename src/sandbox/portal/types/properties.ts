import type { ByteText } from '../bytes.js';

/** The value that sample data gives a property of record `id`; a function, so that it needs no memory. */
export interface Generator {
  (id: number): string | null;
  /** The same as JSON, where that can be had without quoting the value each time. */
  json?: (id: number) => ByteText;
  /** What the value was before, the oldest first; without it, nothing else. */
  earlier?: (id: number) => readonly string[];
}

type PropertyType =
  | 'string'
  | 'number'
  | 'date'
  | 'datetime'
  | 'enumeration'
  | 'bool'
  | 'phone_number'
  | 'json'
  | 'object_coordinates';

export interface PropertyOption {
  readonly label: string;
  readonly value: string;
}

/** A property of an object type, as the properties API describes it, and where its values come from. */
export interface Property {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly type: PropertyType;
  readonly fieldType: string;
  readonly groupName: string;
  readonly options: readonly PropertyOption[];
  readonly calculated: boolean;
  readonly hidden: boolean;
  readonly hasUniqueValue: boolean;
  readonly hubspotDefined: boolean;
  readonly referencedObjectType?: string;
  readonly dataSensitivity: 'non_sensitive' | 'sensitive' | 'highly_sensitive';
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly archivedAt?: number;
  /** Filled by the portal from the record itself. */
  readonly system?: 'id' | 'created' | 'modified';
  readonly generate?: Generator;
}

/** What `addProperty` needs; everything else has a usual value. */
export type NewProperty = Pick<Property, 'name'> & Partial<Omit<Property, 'name' | 'system'>>;

const USUAL_FIELD_TYPE: Record<PropertyType, string> = {
  string: 'text',
  number: 'number',
  date: 'date',
  datetime: 'date',
  enumeration: 'select',
  bool: 'booleancheckbox',
  phone_number: 'phonenumber',
  json: 'text',
  object_coordinates: 'text',
};

const BOOLEAN_OPTIONS: readonly PropertyOption[] = [
  { label: 'Yes', value: 'true' },
  { label: 'No', value: 'false' },
];

/** A whole property from the given parts, created at `now` unless they say otherwise. */
export function property(parts: NewProperty & Pick<Partial<Property>, 'system'>, now: number): Property {
  const type = parts.type ?? 'string';
  return {
    label: parts.name,
    description: '',
    type,
    fieldType: USUAL_FIELD_TYPE[type],
    groupName: 'custom_properties',
    options: type === 'bool' ? BOOLEAN_OPTIONS : [],
    calculated: false,
    hidden: false,
    hasUniqueValue: false,
    hubspotDefined: false,
    dataSensitivity: 'non_sensitive',
    createdAt: now,
    updatedAt: now,
    ...parts,
  };
}

/** The properties of one object type. Rows show only those that are not archived. */
export class PropertySet {
  readonly #byName = new Map<string, Property>();
  #epoch = 0;

  /** Grows with every change of the metadata; what was made from an older epoch is stale. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Archived ones included. */
  all(): Property[] {
    return [...this.#byName.values()];
  }

  /** The property, unless it does not exist or is archived. */
  active(name: string): Property | undefined {
    const found = this.#byName.get(name);
    return found?.archivedAt === undefined ? found : undefined;
  }

  find(name: string): Property | undefined {
    return this.#byName.get(name);
  }

  /** @throws Error when there never was such a property. */
  get(name: string): Property {
    const found = this.#byName.get(name);
    if (found === undefined) throw new Error(`there is no property ${JSON.stringify(name)}`);
    return found;
  }

  put(definition: Property): void {
    this.#byName.set(definition.name, definition);
    this.#epoch++;
  }
}
