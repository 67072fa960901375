import type { SourceConfig } from '../../config/source.js';
import type { HubflakeError } from '../../errors.js';
import type { ObjectRow } from '../../hubspot/api/object-row.js';
import type { ObjectType, Scopes } from '../../hubspot/api/object-types.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import type { AirbyteStream, JsonObject, SyncMode } from '../../protocol/messages.js';
import { streamSchema } from '../layouts/property-schema.js';
import type { KnownObjects } from './known-objects.js';
import type { ParentIds } from './parent-ids.js';
import type { RecordSink } from './sink.js';

/** The portal that a token opens, as far as streams ask about it. Each question costs at most one call a run. */
export interface PortalFacts {
  readonly client: HubSpotClient;
  readonly config: SourceConfig;
  /** null where HubSpot does not tell this token. */
  readonly id: number | null;
  readonly known: KnownObjects;
  /** The ids of objects' records, of which each page is read once for all streams that begin with them. */
  readonly parents: ParentIds;
  /** The scopes of the token; null where HubSpot does not tell them. */
  tokenScopes(): Promise<readonly string[] | null>;
  /** A live record of an object; undefined where there is none. */
  firstRow(type: ObjectType): Promise<ObjectRow | undefined>;
}

/**
 * A stream before it is opened: what is known of it without a call to HubSpot. Everything that tells one kind of stream from
 * another is behind this interface and {@link Stream}.
 */
export interface StreamPlan {
  readonly name: string;
  /** The scopes that HubSpot documents for it, one of each group; empty where it documents none. */
  readonly scopes: Scopes;
  /** What HubSpot's scopes call that which is read: a scope that contains the word may be a new name for a documented one. */
  readonly subject: string;
  /** The type id of the object that a portal may have switched off, and with it the stream; null: none. */
  readonly objectTypeId: string | null;
  /** Why the stream cannot be had today, although the configuration names it: opening it throws this. */
  readonly obstacle?: HubflakeError;
  /** Reads as little as shows whether HubSpot gives the stream to this token. Throws why it does not. */
  probe(portal: PortalFacts): Promise<void>;
  /** Learns what reading takes, such as an object's properties. Throws why the stream cannot be had. */
  open(portal: PortalFacts): Promise<Stream>;
  /** Why deletions cannot be seen, as a sentence without its full stop; null where they can. @param state the stream's, if any */
  hiddenDeletions(state: JsonObject | null): string | null;
}

/** A stream that can be read. */
export interface Stream {
  readonly name: string;
  /** The stream as `discover` offers it. */
  readonly entry: AirbyteStream;
  /** What a sync would take, by one or two calls for HubSpot's counts at most. Throws what makes reading the stream impossible. */
  estimate(state: JsonObject | null, mode: SyncMode): Promise<Estimate>;
  /**
   * Reads from a state on; the last state that it emits is the closing one. Throws what made it stop.
   *
   * @returns the fewest calls in which HubSpot gives what was read, but for those that {@link PortalFacts.parents} counts
   */
  read(run: StreamRun): Promise<number>;
  /** The state from which the values of some fields are read again; null where only a load from the start gives them. */
  readAgain(state: JsonObject, fields: readonly string[]): JsonObject | null;
}

/** One read of a stream. */
export interface StreamRun {
  state: JsonObject | null;
  mode: SyncMode;
  sink: RecordSink;
}

/** What reading a stream would take, as far as HubSpot tells beforehand. */
export interface Estimate {
  /** What would be read, in a few words. */
  what: string;
  /** Records to read at most; of an increment, those of the lookback that have not changed are not sent. null: not known. */
  rows: number | null;
  /** Calls by the budget they are charged to. */
  calls: { burst: number; search: number; exempt: number };
}

/** A stream that every portal may have. A configuration can give it another name. */
export interface StreamDeclaration {
  readonly name: string;
  plan(name?: string): StreamPlan;
}

/**
 * A stream's entry in the catalog.
 *
 * @param schema the top-level properties of its json_schema
 * @param cursor null: the stream has none, and is read whole
 */
export function catalogEntry(
  name: string,
  schema: JsonObject,
  key: readonly string[],
  cursor: string | null,
): AirbyteStream {
  return {
    name,
    json_schema: streamSchema(schema),
    supported_sync_modes: cursor === null ? ['full_refresh'] : ['full_refresh', 'incremental'],
    // The protocol wants it of every resumable stream: nobody is to choose a cursor.
    source_defined_cursor: true,
    ...(cursor === null ? {} : { default_cursor_field: [cursor] }),
    source_defined_primary_key: key.map((field) => [field]),
    is_resumable: true,
  };
}
