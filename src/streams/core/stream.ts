import type { SourceConfig } from '../../config/source.js';
import type { HubflakeError } from '../../errors.js';
import type { ObjectRow } from '../../hubspot/api/object-row.js';
import type { ObjectType, Scopes } from '../../hubspot/api/object-types.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import type { AirbyteStream, JsonObject, SyncMode } from '../../protocol/messages.js';
import type { LocalDates } from '../layouts/local-dates.js';
import { streamSchema } from '../layouts/property-schema.js';
import type { ChainLimits } from './chain-limits.js';
import type { Group } from './groups.js';
import type { KnownObjects } from './known-objects.js';
import type { Pace } from './pace.js';
import type { ParentIds } from './parent-ids.js';
import type { RecordSink } from './sink.js';

/** What streams can learn about the token's portal. Each fact takes at most one call per run. */
export interface PortalFacts {
  readonly client: HubSpotClient;
  readonly config: SourceConfig;
  /** null: HubSpot does not report it to this token. */
  readonly id: number | null;
  readonly known: KnownObjects;
  /** Makes the local dates that records have; null: they have none. */
  readonly localDates: LocalDates | null;
  readonly chains: ChainLimits;
  readonly pace: Pace;
  /** The ids of objects' records, each page of which is read once for all streams. */
  readonly parents: ParentIds;
  /** The token's scopes; null: HubSpot does not report them. */
  tokenScopes(): Promise<readonly string[] | null>;
  /** A live record of an object; undefined: there is none. */
  firstRow(type: ObjectType): Promise<ObjectRow | undefined>;
}

/** A stream before it is opened: what is known without a call to HubSpot, and how to open it as a {@link Stream}. */
export interface StreamPlan {
  readonly name: string;
  /** The scopes that HubSpot documents for it, one of each group; empty: none are documented. */
  readonly scopes: Scopes;
  /** The word in HubSpot's scopes for it: a scope that contains it may be a new name for a documented one. */
  readonly subject: string;
  /** The type id of the object that a portal may have disabled, and the stream with it; null: none. */
  readonly objectTypeId: string | null;
  /** The lowest subscription of HubSpot that has it, where not every one does, as HubSpot calls it. */
  readonly tier?: string | undefined;
  /** How it is read, for the documentation. */
  readonly reading?: Reading;
  /** What it is read from, where other streams may be read from the same: those are read together. */
  readonly sources?: readonly unknown[];
  /** Why a configured stream is unavailable: opening it throws this. */
  readonly obstacle?: HubflakeError;
  /** Whether HubSpot is asked for what changed, in about one call, so that a service reads it in each round. */
  readonly hasChangeFeed?: boolean;
  /** Whether it has an object's records, one by one. */
  readonly hasRecords?: boolean;
  /** Whether the configuration includes it only by its group: then it need not be readable. */
  readonly isByGroup?: boolean;
  /** Reads as little as possible to find out whether the token may read the stream. Throws if not. */
  probe(portal: PortalFacts): Promise<void>;
  /** Reads what is needed to read the stream, such as an object's properties. Throws if the stream is unavailable. */
  open(portal: PortalFacts): Promise<Stream>;
  /** Why deletions cannot be seen, as a sentence without its full stop; null: they can. @param state the stream's, if any */
  hiddenDeletions(state: JsonObject | null): string | null;
}

/** How a stream is read, in a few words each. */
export interface Reading {
  /** What an increment asks for. */
  increment: string;
  /** What the calls depend on: a page of so many items, or a call for each parent. */
  calls: string;
}

/** A stream that can be read. */
export interface Stream {
  readonly name: string;
  /** The stream as `discover` offers it. */
  readonly entry: AirbyteStream;
  /** Estimates a sync, with a few calls for HubSpot's counts at most. Throws if the stream cannot be read. */
  estimate(state: JsonObject | null, mode: SyncMode): Promise<Estimate>;
  /**
   * Reads from a state on; the last emitted state is the closing one. Throws the error that stopped it.
   *
   * @returns the minimum number of calls for what was read, without those that {@link PortalFacts.parents} counts
   */
  read(run: StreamRun): Promise<number>;
  /** Reads several streams at once that are read from the same calls: those with the same function, of plans that share sources. */
  readonly together?: ReadTogether;
  /** Whether its table keeps rows of what HubSpot no longer lists, such as past values: a reload would lose them. */
  readonly keepsGone?: boolean;
  /** The state from which the values of some fields are read again; null, or without this member: only a reload would. */
  readAgain?(state: JsonObject, fields: readonly string[]): JsonObject | null;
}

/** @returns for each stream what {@link Stream.read} does, or the error that stopped it */
export type ReadTogether = (
  runs: readonly { stream: Stream; run: StreamRun }[],
) => Promise<readonly (number | HubflakeError)[]>;

/** One read of a stream. */
export interface StreamRun {
  state: JsonObject | null;
  mode: SyncMode;
  sink: RecordSink;
}

/** What a sync of a stream would read, as far as HubSpot reports it in advance. */
export interface Estimate {
  /** A short description of what would be read. */
  what: string;
  /** The most records to read, unchanged ones within the lookback included, which are not emitted; null: unknown. */
  rows: number | null;
  /** The number of calls by budget. */
  calls: { burst: number; search: number; exempt: number };
}

/** A stream that every portal may have. A configuration can rename it. */
export interface StreamDeclaration {
  readonly name: string;
  readonly group: Group;
  /** Whether it is about every object of the portal, so that the custom ones have to be known. */
  readonly isOfAllObjects?: boolean;
  /** Whether `sync` and `plan` read it where no `objects` are configured, though its group is not `crm`. */
  readonly isDefault?: boolean;
  plan(name?: string): StreamPlan;
}

/**
 * A stream's entry in the catalog.
 *
 * @param schema the top-level properties of its json_schema
 * @param cursor null: the stream has none, and only supports full refreshes
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
    // The protocol requires it of every resumable stream, so that users cannot choose a cursor.
    source_defined_cursor: true,
    ...(cursor === null ? {} : { default_cursor_field: [cursor] }),
    source_defined_primary_key: key.map((field) => [field]),
    is_resumable: true,
  };
}
