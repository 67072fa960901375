/**
 * The Airbyte protocol, version 0.18.0, as TypeScript types: every message a connector may write or read. Field names are
 * the protocol's own. Unknown fields are allowed everywhere by the protocol and are simply not named here.
 *
 * Source: airbyte_protocol.yaml of protocol 0.18.0, checked in the integration tests against Airbyte's own models.
 */

import type { JsonObject, JsonValue } from '../json.js';

export const PROTOCOL_VERSION = '0.18.0';

export type { JsonObject, JsonValue };

export type SyncMode = 'full_refresh' | 'incremental';
export type DestinationSyncMode = 'append' | 'overwrite' | 'append_dedup' | 'update' | 'soft_delete';

export interface StreamDescriptor {
  name: string;
  namespace?: string | null;
}

export interface RecordChange {
  /** The path of the field within the record. */
  field: string;
  change: 'NULLED' | 'TRUNCATED';
  reason:
    | `${'SOURCE' | 'DESTINATION' | 'PLATFORM'}_${'RECORD_SIZE_LIMITATION' | 'FIELD_SIZE_LIMITATION' | 'SERIALIZATION_ERROR'}`
    | 'SOURCE_RETRIEVAL_ERROR'
    | 'DESTINATION_TYPECAST_ERROR';
  /** The original value, cut to a thousand characters. Not part of Airbyte's protocol, which allows additional members. */
  value?: string;
}

export interface RecordMessage {
  stream: string;
  namespace?: string | null;
  data: JsonObject;
  /** Epoch milliseconds, an integer. */
  emitted_at: number;
  meta?: { changes?: RecordChange[] | null } | null;
  file_reference?: {
    staging_file_url?: string;
    source_file_relative_path?: string;
    file_size_bytes?: number;
  } | null;
}

export interface StateStats {
  /** An integer, but declared as a double in the protocol. */
  recordCount?: number | null;
  rejectedRecordCount?: number | null;
}

export interface StreamState {
  stream_descriptor: StreamDescriptor;
  /** null resets the stream. */
  stream_state?: JsonObject | null;
}

export interface GlobalState {
  shared_state?: JsonObject | null;
  stream_states: StreamState[];
}

export interface StateMessage {
  /** Unset means LEGACY. */
  type?: 'STREAM' | 'GLOBAL' | 'LEGACY' | null;
  stream?: StreamState | null;
  global?: GlobalState | null;
  /** Deprecated: the state of LEGACY. */
  data?: JsonObject | null;
  sourceStats?: StateStats | null;
  destinationStats?: StateStats | null;
}

export type LogMessageLevel = 'FATAL' | 'ERROR' | 'WARN' | 'INFO' | 'DEBUG' | 'TRACE';

export interface LogMessage {
  level: LogMessageLevel;
  message: string;
  stack_trace?: string;
}

export interface ErrorTrace {
  message: string;
  internal_message?: string;
  stack_trace?: string;
  failure_type?: 'system_error' | 'config_error' | 'transient_error';
  stream_descriptor?: StreamDescriptor;
}

export interface EstimateTrace {
  name: string;
  /** STREAM and SYNC estimates may not be mixed within a sync. */
  type: 'STREAM' | 'SYNC';
  namespace?: string;
  row_estimate?: number;
  byte_estimate?: number;
}

export const STREAM_STATUSES = ['STARTED', 'RUNNING', 'COMPLETE', 'INCOMPLETE'] as const;
export type StreamStatus = (typeof STREAM_STATUSES)[number];

export interface StreamStatusTrace {
  stream_descriptor: StreamDescriptor;
  status: StreamStatus;
  reasons?: { type: 'RATE_LIMITED'; rate_limited?: { quota_reset?: number } }[];
}

export interface TraceMessage {
  type: 'ERROR' | 'ESTIMATE' | 'STREAM_STATUS' | 'ANALYTICS';
  /** Epoch milliseconds. */
  emitted_at: number;
  error?: ErrorTrace;
  estimate?: EstimateTrace;
  stream_status?: StreamStatusTrace;
  analytics?: { type: string; value?: string };
}

export interface ControlMessage {
  type: 'CONNECTOR_CONFIG';
  emitted_at: number;
  connectorConfig?: { config: Record<string, unknown> };
}

export interface ConnectionStatus {
  status: 'SUCCEEDED' | 'FAILED';
  message?: string;
}

export interface AirbyteStream {
  name: string;
  json_schema: JsonObject;
  supported_sync_modes: SyncMode[];
  source_defined_cursor?: boolean | null;
  default_cursor_field?: string[] | null;
  source_defined_primary_key?: string[][] | null;
  namespace?: string | null;
  is_resumable?: boolean | null;
  is_file_based?: boolean | null;
}

export interface ConfiguredStream {
  stream: AirbyteStream;
  sync_mode: SyncMode;
  destination_sync_mode: DestinationSyncMode;
  cursor_field?: string[] | null;
  primary_key?: string[][] | null;
  destination_object_name?: string | null;
  /** null: the platform does not support refreshes. */
  generation_id?: number | null;
  /** 0 keeps every generation; equal to generation_id, older ones are dropped once the stream is complete. */
  minimum_generation_id?: number | null;
  sync_id?: number | null;
  include_files?: boolean | null;
}

export interface Catalog {
  streams: AirbyteStream[];
}

export interface ConfiguredCatalog {
  streams: ConfiguredStream[];
}

export interface DestinationCatalog {
  operations: {
    object_name: string;
    sync_mode: DestinationSyncMode;
    json_schema: JsonObject;
    matching_keys?: string[][];
  }[];
}

export interface ConnectorSpecification {
  connectionSpecification: JsonObject;
  documentationUrl?: string;
  changelogUrl?: string;
  supportsIncremental?: boolean;
  supportsNormalization?: boolean;
  supportsDBT?: boolean;
  supported_destination_sync_modes?: DestinationSyncMode[];
  advanced_auth?: JsonObject;
  protocol_version?: string;
}

export type Message =
  | { type: 'RECORD'; record: RecordMessage }
  | { type: 'STATE'; state: StateMessage }
  | { type: 'LOG'; log: LogMessage }
  | { type: 'SPEC'; spec: ConnectorSpecification }
  | { type: 'CONNECTION_STATUS'; connectionStatus: ConnectionStatus }
  | { type: 'CATALOG'; catalog: Catalog }
  | { type: 'TRACE'; trace: TraceMessage }
  | { type: 'CONTROL'; control: ControlMessage }
  | { type: 'DESTINATION_CATALOG'; destination_catalog: DestinationCatalog };
