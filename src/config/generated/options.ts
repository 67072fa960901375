// Generated from spec/*.json by `npm run config-types`: a configuration that is valid, with its defaults filled in.

export interface SourceOptions {
  credentials:
    | {
        credentials_title: 'OAuth Credentials';
        client_id: string;
        client_secret: string;
        refresh_token: string;
      }
    | {
        credentials_title: 'Private App Credentials';
        access_token: string;
      };
  start_date?: string;
  objects?: {
    object_type: string;
    name?: string;
    updated_after?: string;
    filter_groups?: {
      /**
       * @minItems 1
       */
      filters: {
        propertyName: string;
        operator:
          | 'EQ'
          | 'NEQ'
          | 'LT'
          | 'LTE'
          | 'GT'
          | 'GTE'
          | 'BETWEEN'
          | 'IN'
          | 'NOT_IN'
          | 'HAS_PROPERTY'
          | 'NOT_HAS_PROPERTY'
          | 'CONTAINS_TOKEN'
          | 'NOT_CONTAINS_TOKEN';
        value?: string;
        highValue?: string;
        values?: string[];
      }[];
    }[];
    properties?: string[];
    exclude_properties?: string[];
    associations?: string[];
    history?: string[];
    hash_properties?: string[];
  }[];
  association_streams: {
    from_object: string;
    to_object: string;
    stream_name?: string;
  }[];
  custom_object_association_streams: {
    from_object: string;
    to_object: string;
    stream_name?: string;
  }[];
  prefix_colliding_custom_objects: boolean;
  include: string[];
  exclude: string[];
  layout: 'airbyte' | 'columns' | 'fivetran';
  deletes: 'off' | 'mark' | 'cdc';
  deletes_every: number;
  sweep_every: number;
  sweep: 'all' | 'calculated';
  lookback_window: number;
  recent: number;
  snapshots_every: number;
  sensitive: 'exclude' | 'hash' | 'include';
  hash_salt?: string;
  local_dates: boolean;
  treat_numbers_and_booleans_as_strings: boolean;
  validity: boolean;
  num_worker: number;
  burst_share: number;
  daily_reserve: number;
  first_load: 'list' | 'fast';
}

export interface SnowflakeOptions {
  host: string;
  username?: string;
  credentials:
    | {
        auth_type: 'Key Pair Authentication';
        private_key?: string;
        private_key_file?: string;
        private_key_password?: string;
      }
    | {
        auth_type: 'Programmatic Access Token';
        token: string;
      }
    | {
        auth_type: 'OAuth';
        access_token?: string;
        client_id?: string;
        client_secret?: string;
        token_url?: string;
        scope?: string;
      }
    | {
        auth_type: 'Snowpark Container Services';
        token_file?: string;
      }
    | {
        auth_type: 'Workload Identity';
        provider: 'AWS' | 'AZURE' | 'GCP' | 'OIDC';
        token_file?: string;
        token?: string;
        entra_resource?: string;
        impersonation_path?: string[];
      }
    | {
        auth_type: 'External Browser';
      }
    | {
        auth_type: 'Username and Password';
        password: string;
      };
  role?: string;
  warehouse?: string;
  connection?: string;
  database: string;
  schema: string;
  table_name?: string;
  table_form: 'typed' | 'raw';
  cdc_deletion_mode: 'Hard delete' | 'Soft delete';
  retention_period_days?: number;
  transient: boolean;
  create_schema: boolean;
  jdbc_url_params?: string;
  type: 'snowflake';
  disable_type_dedupe: boolean;
  spool_dir?: string;
  spool_max_mb: number;
  flush_mb: number;
  flush_seconds: number;
  sync_log: 'changes' | 'all' | 'off';
}

export interface DuckDbOptions {
  type: 'duckdb';
  path: string;
  schema: string;
  table_name?: string;
  table_form: 'typed' | 'raw';
  cdc_deletion_mode: 'Hard delete' | 'Soft delete';
  spool_dir?: string;
  spool_max_mb: number;
  flush_mb: number;
  flush_seconds: number;
  memory_limit_mb?: number;
  sync_log: 'changes' | 'all' | 'off';
}

export interface PipelineOptions {
  name: string;
  source: {
    [k: string]: unknown;
  };
  destination: {
    [k: string]: unknown;
  };
  /**
   * @minItems 1
   */
  streams?: {
    name: string;
    sync_mode?: 'full_refresh' | 'incremental';
    destination_sync_mode?: 'append' | 'append_dedup' | 'overwrite';
  }[];
}
