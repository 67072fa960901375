/** One CRM object type: a standard one, or a custom one of this portal. */
export interface ObjectType {
  /** `0-1`, or `2-…` for custom objects. */
  readonly id: string;
  /** What the sandbox calls it: `contacts`; for custom objects the schema's name, `vehicles`. */
  readonly name: string;
  /** Besides the id, the names under which HubSpot is known to take it in paths, as they are written. */
  readonly pathNames: readonly string[];
  /** The name in association types: `contact_to_company`. */
  readonly singular: string;
  /** `CONTACT`; for custom objects `p<portal>_vehicles`. */
  readonly fullyQualifiedName: string;
  /** The key under `associations` of a list row. */
  readonly associationKey: string;
  readonly aliases: readonly string[];
  readonly labels: { readonly singular: string; readonly plural: string };
  readonly custom: boolean;
  /** One of each group must be granted to read records. */
  readonly scopes: readonly (readonly string[])[];
  readonly createdProperty: 'createdate' | 'hs_createdate';
  readonly modifiedProperty: 'lastmodifieddate' | 'hs_lastmodifieddate';
  readonly primaryDisplayProperty: string;
  /** What a row shows when no properties are asked for, besides id and the two times. */
  readonly defaultProperties: readonly string[];
  /** Whether it is an activity: a call, an e-mail and the like. */
  readonly activity: boolean;
  /** Whether it can be listed, searched and read as an object of its own. */
  readonly readable: boolean;
  /** Whether the object library can switch it on and off. */
  readonly activatable: boolean;
}

/** What differs from one object type to the next; the rest has a usual value. */
export type TypeTraits = Partial<ObjectType> & Pick<ObjectType, 'id' | 'name' | 'singular' | 'labels'>;

/** An object type with HubSpot's usual names for whatever `traits` leaves out. */
export function objectType(traits: TypeTraits): ObjectType {
  return {
    fullyQualifiedName: traits.singular.toUpperCase(),
    pathNames: [traits.name],
    associationKey: traits.name,
    aliases: [],
    custom: false,
    scopes: [[`crm.objects.${traits.name}.read`]],
    createdProperty: 'hs_createdate',
    modifiedProperty: 'hs_lastmodifieddate',
    primaryDisplayProperty: 'hs_object_id',
    defaultProperties: [],
    activity: false,
    readable: true,
    activatable: false,
    ...traits,
  };
}

/** A custom object's type, as its schema in portal `portalId` makes it. */
export function customType(
  portalId: number,
  id: string,
  name: string,
  labels: ObjectType['labels'],
  primaryDisplayProperty: string,
): ObjectType {
  const fullyQualifiedName = `p${portalId}_${name}`;
  return {
    ...objectType({ id, name, singular: name, labels }),
    fullyQualifiedName,
    // The schema's bare name is refused since 2025-04-29 (HubSpot's changelog).
    pathNames: [fullyQualifiedName, `p_${name}`],
    associationKey: fullyQualifiedName,
    aliases: [`p_${name}`],
    custom: true,
    scopes: [['crm.objects.custom.read']],
    primaryDisplayProperty,
    defaultProperties: [primaryDisplayProperty],
  };
}

/** All types of one portal, found by any name that means them: plural, singular, id, fully qualified, `p_name`. */
export class ObjectTypes {
  readonly #byName = new Map<string, ObjectType>();
  readonly #byPath = new Map<string, ObjectType>();
  readonly #all: ObjectType[] = [];

  constructor(types: readonly ObjectType[]) {
    for (const type of types) this.add(type);
  }

  all(): readonly ObjectType[] {
    return this.#all;
  }

  /** @throws Error when the id is taken. */
  add(type: ObjectType): void {
    if (this.#byName.has(type.id)) throw new Error(`object type ${type.id} exists already`);
    this.#all.push(type);
    // The first to take a name keeps it: a custom object called `contacts` is reached by id or qualified name only.
    for (const name of [type.id, type.name, type.singular, type.fullyQualifiedName, ...type.aliases]) {
      const key = name.toLowerCase();
      if (!this.#byName.has(key)) this.#byName.set(key, type);
    }
    for (const name of [type.id, ...type.pathNames]) {
      if (!this.#byPath.has(name)) this.#byPath.set(name, type);
    }
  }

  find(name: string): ObjectType | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  /** The type that HubSpot is known to take for this segment of a path. */
  inPath(segment: string): ObjectType | undefined {
    return this.#byPath.get(segment);
  }

  /** @throws Error naming the type that does not exist. */
  get(name: string): ObjectType {
    const type = this.find(name);
    if (type === undefined) throw new Error(`the portal has no object type called ${JSON.stringify(name)}`);
    return type;
  }
}
