import { nearest } from '../../config/suggest.js';
import { ConfigError, HubflakeError, MissingScopesError, RequestError } from '../../errors.js';
import {
  CUSTOM_SCHEMAS_SCOPE,
  findObjectType,
  type ObjectType,
  STANDARD_OBJECTS,
} from '../../hubspot/api/object-types.js';

/** The objects of a portal: HubSpot's own, and the custom ones if they could be read. */
export class KnownObjects {
  readonly #types: readonly ObjectType[];
  readonly #obstacle: HubflakeError | null;

  /** @param custom the custom objects, or why they are not known */
  constructor(custom: readonly ObjectType[] | HubflakeError) {
    const isError = custom instanceof HubflakeError;
    this.#types = isError ? STANDARD_OBJECTS : [...STANDARD_OBJECTS, ...custom];
    this.#obstacle = isError ? custom : null;
  }

  /** HubSpot's own objects, and the custom ones that are known. */
  get all(): readonly ObjectType[] {
    return this.#types;
  }

  /** Whether the custom objects are known. */
  get isComplete(): boolean {
    return this.#obstacle === null;
  }

  get custom(): ObjectType[] {
    return this.#types.filter((type) => type.custom);
  }

  /**
   * The object called `name`. Throws a ConfigError if the portal does not have it; if that is unknown, a MissingScopesError, or the
   * error that kept the custom objects from being read.
   *
   * @param path the name's position in the configuration
   * @param others valid names that are not objects, for suggestions
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

  /** Throws if the custom objects are unknown, so that something may be one of them. @param what says what it is not */
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
