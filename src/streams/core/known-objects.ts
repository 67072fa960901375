import { nearest } from '../../config/suggest.js';
import { ConfigError, type HubflakeError, MissingScopesError, RequestError } from '../../errors.js';
import {
  CUSTOM_SCHEMAS_SCOPE,
  findObjectType,
  type ObjectType,
  STANDARD_OBJECTS,
} from '../../hubspot/api/object-types.js';

/** The objects of a portal: HubSpot's own, and the custom ones, where it could be learned which there are. */
export class KnownObjects {
  readonly #types: readonly ObjectType[];
  readonly #obstacle: HubflakeError | null;

  /** @param custom the custom objects, or why they are not known */
  constructor(custom: readonly ObjectType[] | HubflakeError) {
    this.#types = Array.isArray(custom) ? [...STANDARD_OBJECTS, ...custom] : STANDARD_OBJECTS;
    this.#obstacle = Array.isArray(custom) ? null : (custom as HubflakeError);
  }

  /** HubSpot's own objects, and the custom ones that are known. */
  get all(): readonly ObjectType[] {
    return this.#types;
  }

  get custom(): ObjectType[] {
    return this.#types.filter((type) => type.custom);
  }

  /**
   * The object called `name`. Throws a ConfigError where the portal does not have it; where that cannot be known, a
   * MissingScopesError, or what kept it from being known.
   *
   * @param path where the name stands in the configuration
   * @param others names that are no objects, but could stand there, too
   */
  find(name: string, path: string, others: readonly string[] = []): ObjectType {
    const type = findObjectType(name, this.#types);
    if (type) return type;
    this.refuseIfCustom(`${path}: "${name}" is no standard object`);
    const meant = nearest(name, [...this.#types.flatMap((each) => [each.stream, each.name]), ...others]);
    throw new ConfigError(
      `${path}: this portal has no object called "${name}".${meant ? ` Did you mean "${meant}"?` : ''}`,
    );
  }

  /** Throws where something may be a custom object, and it is not known which there are. @param what says what it is not */
  refuseIfCustom(what: string): void {
    if (this.#obstacle === null) return;
    const refused = this.#obstacle instanceof MissingScopesError || this.#obstacle instanceof RequestError;
    if (!refused) throw this.#obstacle;
    throw new MissingScopesError(
      `${what}, and the token may not see the custom ones. Add the scope ${CUSTOM_SCHEMAS_SCOPE} to it.`,
      [CUSTOM_SCHEMAS_SCOPE],
      { cause: this.#obstacle },
    );
  }
}
