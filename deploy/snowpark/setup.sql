-- hubflake as a job inside Snowflake (Snowpark Container Services): everything it needs. See docs/deploy.md.
-- Run it in a worksheet, part by part. Each part can be run again: what is there stays, or is made anew with its grants.

-- 1. Who it is, what it computes with, and where it lives. ------------------------------------------------------------------
USE ROLE SECURITYADMIN;
CREATE ROLE IF NOT EXISTS HUBFLAKE;
GRANT ROLE HUBFLAKE TO ROLE SYSADMIN;  -- who manages databases manages hubflake's tables as well
SET ME = '"' || CURRENT_USER() || '"';
GRANT ROLE HUBFLAKE TO USER IDENTIFIER($ME);

USE ROLE SYSADMIN;
CREATE DATABASE IF NOT EXISTS ANALYTICS;
CREATE SCHEMA IF NOT EXISTS ANALYTICS.HUBSPOT;   -- the tables
CREATE SCHEMA IF NOT EXISTS ANALYTICS.HUBFLAKE;  -- the job and what belongs to it
CREATE WAREHOUSE IF NOT EXISTS HUBFLAKE_WH
  WAREHOUSE_SIZE = XSMALL GENERATION = '1' AUTO_SUSPEND = 60 INITIALLY_SUSPENDED = TRUE
  STATEMENT_TIMEOUT_IN_SECONDS = 14400;
GRANT USAGE ON DATABASE ANALYTICS TO ROLE HUBFLAKE;
GRANT USAGE, CREATE TABLE, CREATE VIEW ON SCHEMA ANALYTICS.HUBSPOT TO ROLE HUBFLAKE;
GRANT USAGE, CREATE SERVICE, CREATE TASK ON SCHEMA ANALYTICS.HUBFLAKE TO ROLE HUBFLAKE;
GRANT USAGE ON WAREHOUSE HUBFLAKE_WH TO ROLE HUBFLAKE;

USE ROLE ACCOUNTADMIN;
-- The smallest machine there is; it runs only for the jobs.
CREATE COMPUTE POOL IF NOT EXISTS HUBFLAKE_POOL
  MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS
  AUTO_RESUME = TRUE INITIALLY_SUSPENDED = TRUE AUTO_SUSPEND_SECS = 60;
GRANT USAGE, MONITOR ON COMPUTE POOL HUBFLAKE_POOL TO ROLE HUBFLAKE;
-- A task that needs no warehouse of its own starts the job.
GRANT EXECUTE TASK, EXECUTE MANAGED TASK ON ACCOUNT TO ROLE HUBFLAKE;
-- Where the logs go. Snowflake's own SNOWFLAKE.TELEMETRY.EVENTS, unless the account or the database was given another one.
SHOW PARAMETERS LIKE 'EVENT_TABLE' IN DATABASE ANALYTICS;
-- On Enterprise Edition the database can have a table of its own:
--   CREATE EVENT TABLE IF NOT EXISTS ANALYTICS.HUBFLAKE.EVENTS;
--   ALTER DATABASE ANALYTICS SET EVENT_TABLE = ANALYTICS.HUBFLAKE.EVENTS;

-- 2. The way out: HubSpot's host, and nothing else. -------------------------------------------------------------------------
USE ROLE SYSADMIN;
USE SCHEMA ANALYTICS.HUBFLAKE;
CREATE SECRET IF NOT EXISTS HUBSPOT_TOKEN
  TYPE = GENERIC_STRING SECRET_STRING = '<the service key>';
-- Another key: ALTER SECRET HUBSPOT_TOKEN SET SECRET_STRING = '<the new service key>';
GRANT READ ON SECRET HUBSPOT_TOKEN TO ROLE HUBFLAKE;

USE ROLE ACCOUNTADMIN;
USE SCHEMA ANALYTICS.HUBFLAKE;
CREATE OR ALTER NETWORK RULE HUBSPOT_API
  TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('api.hubapi.com:443');
CREATE OR REPLACE EXTERNAL ACCESS INTEGRATION HUBSPOT_ACCESS
  ALLOWED_NETWORK_RULES = (HUBSPOT_API)
  ALLOWED_AUTHENTICATION_SECRETS = (HUBSPOT_TOKEN)
  ENABLED = TRUE;
GRANT USAGE ON INTEGRATION HUBSPOT_ACCESS TO ROLE HUBFLAKE;  -- replacing it has taken this grant away

-- 3. The image and the configuration. ----------------------------------------------------------------------------------------
USE ROLE SYSADMIN;
USE SCHEMA ANALYTICS.HUBFLAKE;
CREATE IMAGE REPOSITORY IF NOT EXISTS IMAGES;
GRANT READ, WRITE ON IMAGE REPOSITORY IMAGES TO ROLE HUBFLAKE;
SHOW IMAGE REPOSITORIES LIKE 'IMAGES';  -- repository_url is where the image is pushed to

-- A stage that a container mounts must be encrypted by Snowflake. The job may read it only.
CREATE STAGE IF NOT EXISTS CONFIG ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE');
GRANT READ ON STAGE CONFIG TO ROLE HUBFLAKE;

-- With the Snowflake CLI (snow sql), as SYSADMIN, from this folder; PUT needs the whole path:
--   PUT file:///<this folder>/pipeline.json @ANALYTICS.HUBFLAKE.CONFIG AUTO_COMPRESS = FALSE OVERWRITE = TRUE;
--   PUT file:///<this folder>/job.yaml      @ANALYTICS.HUBFLAKE.CONFIG AUTO_COMPRESS = FALSE OVERWRITE = TRUE;

-- 4. One run, and what it said. ----------------------------------------------------------------------------------------------
-- Jobs have no NAME: Snowflake keeps that of a job for 30 days, and refuses another one of the same. What they are called is
-- shown by SHOW JOB SERVICES. The specification comes last.
USE ROLE HUBFLAKE;
USE SCHEMA ANALYTICS.HUBFLAKE;
EXECUTE JOB SERVICE
  IN COMPUTE POOL HUBFLAKE_POOL
  QUERY_WAREHOUSE = HUBFLAKE_WH
  EXTERNAL_ACCESS_INTEGRATIONS = (HUBSPOT_ACCESS)
  FROM @ANALYTICS.HUBFLAKE.CONFIG SPECIFICATION_FILE = 'job.yaml';
SHOW JOB SERVICES IN SCHEMA ANALYTICS.HUBFLAKE;

-- The logs of the last two hours. Where the parameter of part 1 names another event table, that one. They arrive some minutes late.
USE ROLE ACCOUNTADMIN;
USE WAREHOUSE HUBFLAKE_WH;
SELECT TIMESTAMP, RESOURCE_ATTRIBUTES:"snow.service.name"::VARCHAR AS JOB, VALUE
FROM SNOWFLAKE.TELEMETRY.EVENTS
WHERE TIMESTAMP > DATEADD(hour, -2, SYSDATE()) AND RECORD_TYPE = 'LOG'
  AND RESOURCE_ATTRIBUTES:"snow.database.name"::VARCHAR = 'ANALYTICS'
  AND RESOURCE_ATTRIBUTES:"snow.schema.name"::VARCHAR = 'HUBFLAKE'
ORDER BY TIMESTAMP;

-- 5. Every half hour. A run that lasts longer is not doubled (OVERLAP_POLICY is NO_OVERLAP by default). -------------------------
-- Without its limits a task ends after an hour, which a first load may not, and stops for good after ten failures in a row, which
-- an outage of HubSpot's would be.
USE ROLE HUBFLAKE;
USE SCHEMA ANALYTICS.HUBFLAKE;
CREATE OR REPLACE TASK HUBFLAKE_SYNC
  SCHEDULE = 'USING CRON */30 * * * * UTC'
  STATEMENT_TIMEOUT_IN_SECONDS = 86400
  USER_TASK_TIMEOUT_MS = 86400000
  SUSPEND_TASK_AFTER_NUM_FAILURES = 0
AS
EXECUTE JOB SERVICE
  IN COMPUTE POOL HUBFLAKE_POOL
  QUERY_WAREHOUSE = HUBFLAKE_WH
  EXTERNAL_ACCESS_INTEGRATIONS = (HUBSPOT_ACCESS)
  FROM @ANALYTICS.HUBFLAKE.CONFIG SPECIFICATION_FILE = 'job.yaml';
ALTER TASK HUBFLAKE_SYNC RESUME;

-- How its runs ended:
SELECT SCHEDULED_TIME, COMPLETED_TIME, STATE, ERROR_MESSAGE
FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(TASK_NAME => 'HUBFLAKE_SYNC', RESULT_LIMIT => 50))
ORDER BY SCHEDULED_TIME DESC;
