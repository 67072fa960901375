// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is planted is text of the sources
// Plants one defect after another in a copy of the sources, and shows that the tests turn red: `npm run test:defects`, by hand.
// With words behind it, only the defects whose name has one of them. Fails loudly where a text to replace is no longer there.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const COPIED = [
  'src',
  'integration_tests',
  'scripts',
  'spec',
  'package.json',
  'jest.config.js',
  'tsconfig.json',
  'tsconfig.build.json',
];
const LINKED = ['node_modules', '.venv', '.venv-snowflake'];
/** A suite that hangs has noticed, too; but on a machine that is busy it may merely be slow, so it is said. */
const LONGEST_MS = 600_000;

const INCREMENTS = 'integration_tests/increments';
const CALLS = 'integration_tests/calls';
const SCHEDULES = 'integration_tests/schedules';
const FILTERS = 'integration_tests/filters';
const FIRST_LOAD = 'integration_tests/first-load';
const ORDER = 'integration_tests/stores/duckdb-order';
const DELETIONS = 'stores/duckdb-deletions';
const SNOWFLAKE_DELETIONS = 'stores/snowflake-deletions';
/** These run the built binary. */
const ONCE = 'stores/snowflake-once';
const WALK = 'integration_tests/json-walk';
const PROXY = 'integration_tests/proxy.test';
const SNOWFLAKE_PROXY = 'integration_tests/proxy-snowflake';
const LOGINS = 'snowflake/commands-login';
const WIDE = 'stores/duckdb-wide';
const LEASE = 'stores/snowflake-lease';
const STANDING = 'stores/duckdb-standing';
const BUILT = [
  ONCE,
  LEASE,
  STANDING,
  'stores/snowflake-commands',
  WALK,
  'integration_tests/commands',
  'integration_tests/budgets',
  PROXY,
  SNOWFLAKE_PROXY,
  LOGINS,
  WIDE,
];
const CHAINS = 'integration_tests/chains';
const SCANNED = 'src/streams/scanned-pages';
const WAYS = 'stores/duckdb-ways';
const PARTS = 'stores/duckdb-parts';
const DUCKDB_PARTS = 'src/warehouse/duckdb/parts';
const DUCKDB_MEMORY = 'src/warehouse/duckdb/memory';
const DUCKDB_SCHEDULES = 'stores/duckdb-schedules';
const SNOWFLAKE_SCHEDULES = 'stores/snowflake-schedules';
const PIPED_SCHEDULES = 'stores/piped-schedules';

/** What is wrong, where, which text becomes which, the suite that must notice, and the tests of it by name. */
const DEFECTS = [
  [
    'a lower bound that leaves out its own instant',
    'src/streams/search-filters.ts',
    "operator: 'GTE'",
    "operator: 'GT'",
    'src/streams/search-filters',
  ],
  [
    'an upper bound on the time',
    'src/streams/search-filters.ts',
    "rangeGroups(\n  stream: Pick<ObjectStream, 'filterGroups' | 'type'>,\n  pass: Pick<PassPosition, 'since'>,\n  range: RangePosition,\n): FilterGroup[] {\n  return boundedGroups(stream, [",
    "rangeGroups(\n  stream: Pick<ObjectStream, 'filterGroups' | 'type'>,\n  pass: Pick<PassPosition, 'since'>,\n  range: RangePosition,\n): FilterGroup[] {\n  return boundedGroups(stream, [{ propertyName: stream.type.modifiedProperty, operator: 'LTE', value: String(Date.now()) }, ",
    'src/streams/search-filters',
  ],
  [
    'its own calls taken for those of others while they leave the interval',
    'src/hubspot/scheduler.ts',
    'this.#bursts.countedWith(call, intervalMs)',
    'this.#bursts.counted',
    'src/hubspot/scheduler',
  ],
  [
    'what others use forgotten with the next answer',
    'src/hubspot/scheduler.ts',
    'if (others >= this.#others.calls || now - this.#others.at >= intervalMs) ',
    '',
    'src/hubspot/scheduler',
  ],
  [
    'a question how long a list is, where more chains would not help',
    'src/streams/list-chains.ts',
    'if (this.#run.client.scheduler.isBurstFull) return false;',
    '',
    'integration_tests/budgets',
    'no list is asked',
  ],
  [
    'columns of others emptied where a row is replaced',
    'src/warehouse/duckdb/batch-writer.ts',
    'await this.#db.change(sql.restoreOthers(',
    'void (sql.restoreOthers(',
    'stores/duckdb-others',
  ],
  [
    'a record of the raw form replaced by an older version',
    'src/warehouse/duckdb/batch-writer.ts',
    'sql.match(narrow, this.#form.rowCursor(place))',
    'sql.match({ ...narrow, cursor: null }, undefined)',
    ORDER,
  ],
  [
    'no lookback',
    'src/streams/object-reader.ts',
    'earlier(state.cursor as string, options.lookbackMinutes)',
    '(state.cursor as string)',
    SCHEDULES,
  ],
  [
    'a pass that is not read on behind its first page',
    'src/hubspot/keyed-search.ts',
    'const isLast = next === null && total <= offset + rows.length;',
    'const isLast = rows.length > 0;',
    INCREMENTS,
  ],
  [
    'paging by offset',
    'src/hubspot/search.ts',
    '    filterGroups: request.filterGroups,\n',
    '    filterGroups: request.filterGroups.map(({ filters }) => ({ filters: filters.filter(({ propertyName }) => propertyName !== "hs_object_id") })),\n',
    INCREMENTS,
  ],
  [
    'a position that moves before its page is out',
    'src/streams/pass.ts',
    'const live = await withoutGhosts(run, rows);',
    'for (const { range, rows: read } of pages) range.after = read.at(-1)?.id ?? range.after;\nawait run.save();\nconst live = await withoutGhosts(run, rows);',
    INCREMENTS,
    'long pass',
  ],
  [
    'a load whose position moves before its page is out',
    'src/streams/load.ts',
    '    await emitPage(run, rows, load, inUrl);',
    '    if (after !== null) { load.after = after; await run.save(); }\n    await emitPage(run, rows, load, inUrl);',
    CALLS,
    'a kill behind',
  ],
  [
    'ranges that overlap',
    'src/streams/ranges.ts',
    'const further = { after: String(middle)',
    'const further = { after: String(last)',
    INCREMENTS,
    'long pass',
  ],
  [
    'ranges with a gap',
    'src/streams/ranges.ts',
    'const further = { after: String(middle)',
    'const further = { after: String(middle + 5n)',
    INCREMENTS,
    'long pass',
  ],
  [
    'tombstones dropped',
    'src/streams/object-run.ts',
    'await this.#emit(archived, (row) =>',
    'await this.#emit(archived.slice(1), (row) =>',
    INCREMENTS,
    'deletes',
  ],
  [
    'merges not told',
    'src/streams/object-run.ts',
    '    await this.#emit(merged, (each) => this.#encodeMerged(each));\n    for (const { row, at',
    '    for (const { row, at',
    INCREMENTS,
    'chain of merges',
  ],
  [
    'a chain of merges that is not closed',
    'src/streams/merges.ts',
    'for (const further of this.#losers.get(id) ?? []) losers.add(further);',
    'break;',
    INCREMENTS,
    'chain of merges',
  ],
  [
    'a memory without associations',
    'src/streams/content-hash.ts',
    'values, links]',
    'values]',
    INCREMENTS,
    'association that changed',
  ],
  [
    'a memory that outlives a tombstone',
    'src/streams/object-run.ts',
    'for (const { id } of [...rows, ...merged]) this.sent.forget(id);',
    '',
    INCREMENTS,
    'comes back alive',
  ],
  [
    'a memory in every state',
    'src/streams/object-run.ts',
    '    await this.#put(false, false);',
    '    this.state.sent = this.sent.toJson(this.#rememberFrom());\n    await this.#put(false, false);',
    INCREMENTS,
    'not believed',
  ],
  [
    'no memory',
    'src/streams/sent-memory.ts',
    'return this.#sent.get(id)?.hash === hash;',
    'return false && hash !== id;',
    INCREMENTS,
    '25,000',
  ],
  [
    'a memory of too few',
    'src/streams/sent-memory.ts',
    'MOST_REMEMBERED = 25_000',
    'MOST_REMEMBERED = 15_000',
    INCREMENTS,
    '25,000',
  ],
  [
    'no state before the first record',
    'src/streams/object-run.ts',
    '    if (!this.#isOpen) await this.saveAhead();',
    '',
    INCREMENTS,
    'is undone',
  ],
  [
    'restored records forgotten',
    'src/streams/archived.ts',
    'await bringBack(run, archived.gone());',
    '',
    INCREMENTS,
    'archived records',
  ],
  [
    'too few archived records remembered',
    'src/streams/archive-memory.ts',
    'MOST_ARCHIVED = 25_000',
    'MOST_ARCHIVED = 9_000',
    INCREMENTS,
    '20,000',
  ],
  [
    'no look at archived records before a first load',
    'src/streams/object-reader.ts',
    'if (tellsDeletes && isAtStart(state))',
    'if (tellsDeletes && !isAtStart(state))',
    INCREMENTS,
    'restored while the first load',
  ],
  [
    'a scan that starts over',
    'src/streams/archived.ts',
    '{ ...request, after: position.after }',
    '{ ...request, after: position.seen === "" ? position.after : null }',
    INCREMENTS,
    'goes on where',
  ],
  [
    'a scan that is not followed by one of its own',
    'src/streams/archived.ts',
    '  if (archive.scan) await scan(run, archive.scan);\n  if (isDue(run))',
    '  if (archive.scan) await scan(run, archive.scan);\n  else if (isDue(run))',
    INCREMENTS,
    'goes on where',
  ],
  [
    'restored records past the filters',
    'src/streams/ghosts.ts',
    'const wanted = rows.filter((row) => matching.has(row.id));',
    'const wanted = [...rows];',
    INCREMENTS,
    'filters',
  ],
  [
    'the late index believed',
    'src/streams/ghosts.ts',
    '    archived.has(row.id) || sent.isOlder',
    '    archived.has(row.id) && sent.isOlder',
    INCREMENTS,
    'older version',
  ],
  [
    'no pass behind an interrupted pass',
    'src/streams/object-reader.ts',
    'if (isIncrement || resumesPass || (',
    'if (isIncrement || (',
    INCREMENTS,
    'behind the position',
  ],
  [
    'no pass behind the load',
    'src/streams/load.ts',
    'if (single) completeAt',
    'if (single || !single) completeAt',
    SCHEDULES,
  ],
  [
    'no pass behind a load by search',
    'src/streams/object-reader.ts',
    ' || (loadsByPass && found > SEARCH_LIMIT)',
    '',
    FIRST_LOAD,
    'what changes while',
  ],
  [
    'a load by search whatever the start date leaves out',
    'src/streams/first-load.ts',
    'if (leftOut <= WORTH_ASKING || wanted > leftOut) return false;',
    'if (leftOut <= WORTH_ASKING) return false;',
    CALLS,
    'a start date',
  ],
  [
    'a load by search that believes merges older than its late index',
    'src/streams/first-load.ts',
    'mergesSince: told, ranges',
    'mergesSince, ranges',
    FIRST_LOAD,
    'merged away',
  ],
  [
    'archived survivors that a load by search does not learn from',
    'src/streams/archived.ts',
    'if (!position.tells) run.merges.learn(row);',
    '',
    FIRST_LOAD,
    'merged into one that is archived',
  ],
  [
    'records sent while the look at archived ones is unfinished in the state',
    'src/streams/archived.ts',
    '  await run.saveAhead();\n}\n\nfunction isDue',
    '}\n\nfunction isDue',
    INCREMENTS,
    'killed first load',
  ],
  [
    'restored records forgotten that the index does not show yet',
    'src/streams/archived.ts',
    'if (!undecided.has(id)) run',
    'run',
    FILTERS,
    'does not show yet',
  ],
  [
    'merges that filters hide not told',
    'src/streams/left-filters.ts',
    '      await run.emitMerged(page.rows);',
    '',
    FILTERS,
    'do not want is told',
  ],
  [
    'a body that stalls waited for',
    'src/hubspot/transport.ts',
    'bodyTimeout: silenceMs',
    'bodyTimeout: 0',
    'integration_tests/silence',
    'stall of a call',
  ],
  [
    'associations by the page of a search',
    'src/streams/ranges.ts',
    'return moreMayCome ? 0 : length;',
    'return moreMayCome ? length : length;',
    CALLS,
    'an increment of',
  ],
  [
    'data called plain whatever is in it',
    'src/protocol/incoming.ts',
    'const isPlain = odditiesMet() === before;',
    'const isPlain = odditiesMet() >= before;',
    'src/warehouse/spool-line',
  ],
  [
    'a state that comes out before its commit',
    'src/warehouse/loader.ts',
    '    await this.#sideBySide(files, async',
    '    for (const { pending, records } of states) this.#release(pending, records);\n    await this.#sideBySide(files, async',
    'stores/snowflake-troubles',
    'at MERGE',
  ],
  [
    'several versions of a key in one MERGE',
    'src/warehouse/duckdb/sql.ts',
    'QUALIFY row_number() OVER (${byAge(target)}) = 1',
    'QUALIFY row_number() OVER (${byAge(target)}) > 0',
    ORDER,
  ],
  [
    'the oldest version of a batch',
    'src/warehouse/snowflake/rows.ts',
    "'T DESC', 'N DESC'].join(', ')",
    "'T ASC', 'N ASC'].join(', ')",
    'stores/snowflake.test',
    'of several versions in a batch',
  ],
  [
    'no look at the version in the table (DuckDB)',
    'src/warehouse/duckdb/sql.ts',
    "  const generations = ['s._airbyte",
    "  if (sameGeneration) return 'true';\n  const generations = ['s._airbyte",
    ORDER,
  ],
  [
    'no look at the version in the table (Snowflake)',
    'src/warehouse/snowflake/order.ts',
    'return `(s.HF_GENERATION > ${row} OR',
    "return 'TRUE' || `(s.HF_GENERATION > ${row} OR",
    'stores/snowflake.test',
    'older version overwrite',
  ],
  [
    'a delete that does not ask for the version (DuckDB)',
    'src/warehouse/duckdb/sql.ts',
    's.hf_deleted AND ${notOlder(target)} THEN DELETE',
    's.hf_deleted THEN DELETE',
    ORDER,
  ],
  [
    'a delete that does not ask for the version (Snowflake)',
    'src/warehouse/snowflake/write.ts',
    "s.DELETED AND ${notOlder(target, 's.VERSION', 's.HF_AT')} THEN DELETE",
    's.DELETED THEN DELETE',
    SNOWFLAKE_DELETIONS,
    'typed a version that is older',
  ],
  [
    'deletions forgotten (DuckDB)',
    'src/warehouse/duckdb/batch-writer.ts',
    'await this.#tombstones.sift(this.#form.narrow(target));',
    '',
    DELETIONS,
    'older than the deletion',
  ],
  [
    'deletions forgotten (Snowflake)',
    'src/warehouse/snowflake/store.ts',
    'await steps.run(rememberDeleted(batch, this.#form.keys(batch), tombstones as string));',
    '',
    SNOWFLAKE_DELETIONS,
    'typed a version that is older',
  ],
  [
    'deletions remembered for ever',
    'src/warehouse/tombstones.ts',
    'DAYS_KEPT = 95',
    'DAYS_KEPT = 950',
    DELETIONS,
    '95 days',
  ],
  [
    'a generation that is not followed',
    'src/warehouse/duckdb/places.ts',
    'placed.generation = await this.newestGeneration(target);',
    'placed.generation = 0;',
    'stores/duckdb.test',
    'without a generation',
  ],
  [
    'rows written without the fence',
    'src/warehouse/snowflake/rows.ts',
    "FROM ${batch.stage}${batch.guard === null ? '' : ` WHERE ${batch.guard}`}`",
    'FROM ${batch.stage}`',
    'src/warehouse/snowflake/sql',
    'the fence',
  ],
  [
    'rows appended outside of the transaction of their state',
    'src/warehouse/snowflake/transaction.ts',
    "await steps.run('BEGIN');",
    '',
    ONCE,
    'append, killed at before-rows',
  ],
  [
    'states that another run has moved on',
    'src/warehouse/snowflake/state-keeper.ts',
    'if (this.#loaded !== null && Number(SEQ) !==',
    'if (this.#loaded === undefined && Number(SEQ) !==',
    ONCE,
    'append: a run that another has overtaken',
  ],
  [
    'stage tables of a killed write',
    'src/warehouse/snowflake/store.ts',
    'await this.#staging.tidy(steps, guard !== null);\n      try {',
    'if (guard !== null) await this.#staging.tidy(steps, true);\n      try {',
    ONCE,
    'append, killed at after-put: the next run drops',
  ],
  [
    'stage tables of a run that lives',
    'src/warehouse/snowflake/run-name.ts',
    'return startOf(Number(pid)) !== started;',
    'return true;',
    ONCE,
    'append_dedup: of two at once, one held at \\^COPY',
  ],
  [
    'names without quotes (DuckDB)',
    'src/warehouse/duckdb/sql.ts',
    'return `"${wellFormed(name).replaceAll(\'"\', \'""\')}"`;',
    'return wellFormed(name);',
    'src/warehouse/injection',
  ],
  [
    'names without quotes (Snowflake)',
    'src/warehouse/snowflake/quote.ts',
    'return `"${wellFormed(name).replaceAll(\'"\', \'""\')}"`;',
    'return wellFormed(name);',
    'src/warehouse/injection',
  ],
  [
    'process.exit behind the last line',
    'src/commands/protocol-command.ts',
    '  await output.close();',
    '  process.exit(failed ? 1 : exitCode);\n  await output.close();',
    'integration_tests/commands',
    'discover',
  ],
  [
    'a chain that ends at the id that was guessed',
    'src/streams/list-chains.ts',
    'longest.before = first.id;',
    'longest.before = middle;',
    CHAINS,
    'skips records behind',
  ],
  [
    'a chain that is believed wherever it starts',
    'src/streams/list-chains.ts',
    'if (!/^\\d+$/.test(id) || BigInt(id) < least) return false;',
    'if (!/^\\d+$/.test(id)) return false;',
    CHAINS,
    'in between',
  ],
  [
    'a count that is not held against the total',
    'src/streams/load.ts',
    'if (missing <= 0) return true;',
    'return true;',
    CHAINS,
    'leaves records out',
  ],
  [
    'a chain whose end is forgotten by the state',
    'src/streams/chain-reader.ts',
    'const own = rows.filter(({ id }) => chain.before === null || BigInt(id) < BigInt(chain.before));',
    'const own = rows;',
    CHAINS,
    'comes once',
  ],
  [
    'a chain that the state does not have, since another one ended while it began',
    'src/streams/list-chains.ts',
    'load.chains.push(chain);',
    'chains.push(chain);',
    CHAINS,
    'at each state',
  ],
  [
    'waiting for chains of which none is left',
    'src/streams/chain-reader.ts',
    'else if (following.size > 0) await',
    'else await',
    CHAINS,
    'at each state',
  ],
  [
    'an empty page taken for the end',
    'src/hubspot/keyed-search.ts',
    'return rows.length === 0 && (total > 0 || next !== null);',
    'return false;',
    'src/hubspot/keyed-search',
  ],
  [
    'records left out between others taken for gone',
    'src/hubspot/keyed-search.ts',
    'if (counted <= before.ids.length) return [];',
    'return [];',
    'src/hubspot/keyed-search',
  ],
  [
    'hits that are passed over and not looked for',
    'src/hubspot/hidden-hits.ts',
    'if (hits <= 0) return [];\n    const { name }',
    'if (hits <= 0 || hits > 0) return [];\n    const { name }',
    'src/hubspot/keyed-search',
  ],
  [
    'a range of ids that is looked at but for its last one',
    'src/hubspot/hidden-hits.ts',
    'id <= high; id += 1n',
    'id < high; id += 1n',
    'src/hubspot/keyed-search',
  ],
  [
    'an unsettled pass taken for complete',
    'src/streams/pass.ts',
    'if (!isUnsettled || since === null) return',
    'return',
    'integration_tests/answers',
  ],
  [
    'a refused archive that ends the stream',
    'src/streams/archived.ts',
    'if (!refusesArchive(error)) throw error;',
    'throw error;',
    'integration_tests/answers',
  ],
  [
    'a refused archive taken for an empty one',
    'src/streams/archived.ts',
    'Object.assign(run.state.archive, { scan: null, refusedAt: position.startedAt });',
    'Object.assign(run.state.archive, { scan: null, refusedAt: position.startedAt, since: position.startedAt, scannedAt: position.startedAt });',
    'integration_tests/answers',
  ],
  [
    'an answer of the edge taken for one of HubSpot',
    'src/hubspot/faults.ts',
    'if (!isHubSpots(body)) return',
    'if (false) return',
    'src/hubspot/faults',
  ],
  [
    'any refusal taken for an object that the portal does not have',
    'src/hubspot/known-answers.ts',
    'isRefusal(error, [400, 404]) && UNKNOWN_OBJECT.test(error.said)',
    'isRefusal(error, [400, 404])',
    'integration_tests/answers',
  ],
  [
    'the daily number of the service that answered last',
    'src/hubspot/daily-quota.ts',
    'Math.min(...recent.map(({ left }) => left))',
    'recent.sort((a, b) => a.saidAt - b.saidAt).at(-1)?.left ?? null',
    'src/hubspot/daily-quota',
  ],
  [
    'a segment whose first id is not packed anew',
    'src/streams/packed-segments.ts',
    'const at = placeOf(ids, id);\n    segment.rest = null;',
    'const at = placeOf(ids, id);\n    if (ids[at] === id) return;\n    segment.rest = null;',
    'src/streams/packed-segments',
  ],
  [
    'halves of surrogate pairs passed on',
    'src/streams/pass-on.ts',
    'return escaped && SURROGATE.test(json) && !WELL_FORMED.test(json) ? undefined : json;',
    'return json;',
    SCANNED,
  ],
  [
    'numbers passed on with leading zeros',
    'src/streams/pass-on.ts',
    'return text.charCodeAt(start) !== ZERO || to === start + 1 || text.charCodeAt(start + 1) === POINT;',
    'return true;',
    SCANNED,
  ],
  [
    'second properties overlooked',
    'src/hubspot/page-scan.ts',
    "typeof id !== 'string' || Object.hasOwn(rest, 'properties')",
    "typeof id !== 'string'",
    SCANNED,
  ],
  [
    'a second list of rows overlooked',
    'src/hubspot/page-scan.ts',
    "Object.hasOwn(rest, 'results') ? null : { ...rest, results }",
    '{ ...rest, results }',
    SCANNED,
  ],
  ['control characters overlooked', 'src/hubspot/page-scan.ts', ' || hasControls(bytes)', '', SCANNED],
  [
    'control characters overlooked by the fast walk',
    'src/protocol/json-walk.as.ts',
    'const special = v128.or(plain, i8x16.lt_u(bytes, spaces));',
    'const special = plain;',
    WALK,
  ],
  [
    'escapes that the fast walk does not tell of',
    'src/protocol/json-walk.as.ts',
    'oddities += 1;\n    i = skipEscape(i);',
    'i = skipEscape(i);',
    WALK,
  ],
  ['a fast walk on into other lines', 'src/protocol/json-walk.ts', ' && end <= bytes.length', '', WALK],
  [
    'rows appended that are not all new',
    'src/warehouse/duckdb/batch-writer.ts',
    'if (isDeduplicated) await this.#expectNoRows(target, place);',
    '',
    ORDER,
  ],
  [
    'a key that comes twice in what is appended',
    'src/warehouse/duckdb/batch-writer.ts',
    'countDoubles(this.#form.narrow(place)))) > 0',
    'countDoubles(this.#form.narrow(place)))) > 1e9',
    ORDER,
  ],
  [
    'rows that stay beside those that replace them',
    'src/warehouse/duckdb/batch-writer.ts',
    'await this.#db.change(sql.deleteReplaced(place));',
    '',
    'stores/duckdb-again',
  ],
  [
    'an older version inserted beside a newer row',
    'src/warehouse/duckdb/sql.ts',
    ' WHERE hf_line NOT IN (${older})',
    '',
    WAYS,
  ],
  [
    'columns emptied that a tombstone does not carry',
    'src/warehouse/duckdb/sql.ts',
    'CASE WHEN list_contains(s.hf_keys, ${literal(field)}) THEN ${value} ELSE t.${column} END',
    '${value}',
    'stores/duckdb.test',
  ],
  [
    'tombstones overlooked where rows are replaced',
    'src/warehouse/duckdb/batch-writer.ts',
    'marked: await this.#mark(place, batch) }',
    'marked: 0 }',
    ORDER,
  ],
  [
    'an error of ours repeated as a fault of the network',
    'src/hubspot/network-failures.ts',
    "return { action: 'fail', error: asHubflakeError(causes.at(-1)) };",
    "return { action: 'repeat', why: String(error) };",
    'src/hubspot/network-failures',
    'does not repeat',
  ],
  [
    "an error of ours taken for a fault of Snowflake's network",
    'src/warehouse/snowflake/faults.ts',
    'return inner.find((each) => isProgrammingError(each)',
    'return inner.find((each) => false',
    'src/warehouse/snowflake/faults',
  ],
  [
    'a batch written another way after an error of ours',
    'src/warehouse/duckdb/store.ts',
    ' || isProgrammingError(error) || isOutOfMemory(error)) return false;',
    ' || isOutOfMemory(error)) return false;',
    'stores/duckdb-ways',
    'error of ours',
  ],
  [
    'a proxy ignored on the way to HubSpot',
    'src/hubspot/client.ts',
    'proxy: proxyFor(options.baseUrl)',
    'proxy: null',
    PROXY,
    'is reached by HTTPS_PROXY',
  ],
  [
    'a proxy ignored on the way to Snowflake',
    'src/warehouse/snowflake/driver.ts',
    '    ...proxyOptions(config.url),\n',
    '',
    SNOWFLAKE_PROXY,
    'go through HTTPS_PROXY',
  ],
  [
    'NO_PROXY ignored on the way to HubSpot',
    'src/network/proxy.ts',
    'return isExempt(target, environment) ? null : configuredProxy',
    'return configuredProxy',
    PROXY,
    'NO_PROXY=localhost',
  ],
  [
    'NO_PROXY ignored on the way to Snowflake',
    'src/warehouse/snowflake/driver.ts',
    '    noProxy: exempt.',
    '    ignored: exempt.',
    SNOWFLAKE_PROXY,
    'NO_PROXY=localhost',
  ],
  [
    'a proxy without its credentials',
    'src/network/tunnel.ts',
    "authorization === null ? {} : { 'proxy-authorization': authorization }",
    '{}',
    PROXY,
    'overhears no token',
  ],
  [
    "Azure's stages without the proxy's credentials",
    'src/warehouse/snowflake/driver.ts',
    'proxyHost: hasCredentials ? `${user}:${password}@${host}` : host',
    'proxyHost: host',
    SNOWFLAKE_PROXY,
    'Azure',
  ],
  [
    'a certificate that is not trusted, repeated',
    'src/network/failures.ts',
    'return code === null ? null : { message: untrusted(new URL(url).origin, code), isMendable: true };',
    'return code === null ? null : { message: untrusted(new URL(url).origin, code), isMendable: false };',
    'src/hubspot/network-failures',
  ],
  [
    'a missing warehouse noticed after reading',
    'src/warehouse/snowflake/session.ts',
    'if (session.#warehouse === null) throw',
    'if (session.#warehouse === 0) throw',
    LOGINS,
    'said before anything is read',
  ],
  [
    'a role that Snowflake reads as another',
    'src/warehouse/snowflake/driver.ts',
    'role: bareOrQuoted(config.role)',
    'role: config.role',
    LOGINS,
    'plain capital letters',
  ],
  [
    "the driver's own way to a browser",
    'src/warehouse/snowflake/driver.ts',
    ', ...browserLogin() };',
    ' };',
    LOGINS,
    'External Browser',
  ],
  [
    'a connection that overrules the configuration',
    'src/config/snowflake.ts',
    'config[key] ??= value',
    'config[key] = value',
    'src/config/connections-toml',
  ],
  [
    'an invisible character let through',
    'src/config/token.ts',
    'const NOT_IN_A_TOKEN = /[^\\u0021-\\u007e]/u;',
    'const NOT_IN_A_TOKEN = /[^\\u0021-\\uffff]/u;',
    'src/config/token',
  ],
  [
    'memory: the last state kept with the first part of a batch',
    'src/warehouse/duckdb/store.ts',
    'states.findLast(({ rows }) => rows <= end)',
    'states.at(-1)',
    PARTS,
  ],
  [
    'memory: parts of appended rows committed one by one',
    'src/warehouse/duckdb/store.ts',
    "inParts(files, target.mode !== 'append_dedup', write, divided)",
    'inParts(files, false, write, divided)',
    PARTS,
  ],
  [
    'memory: a limit that stays as it was reckoned, however often a batch is divided',
    'src/warehouse/duckdb/store.ts',
    'room *= 2;',
    '',
    PARTS,
  ],
  [
    'memory: batches as large as before behind one that was divided',
    'src/warehouse/duckdb/store.ts',
    'this.#fitting.set(target, records);',
    '',
    PARTS,
  ],
  [
    'memory: a wide table made in one transaction',
    'src/warehouse/duckdb/table-keeper.ts',
    'if (statements.length > MOST_TOGETHER) throw new TooManyStatements(statements);',
    '',
    WIDE,
    '2,000 properties',
  ],
  [
    'memory: batches of any size where there is little of it',
    'src/warehouse/duckdb/memory.ts',
    'Number.POSITIVE_INFINITY : ROWS_OF_SMALL_SEGMENTS',
    'Number.POSITIVE_INFINITY : Number.POSITIVE_INFINITY',
    WIDE,
    '500 properties',
  ],
  [
    'memory: an error of memory that is not known as one',
    'src/warehouse/duckdb/memory.ts',
    '&& !/durable/i.test(text)',
    '&& false',
    DUCKDB_MEMORY,
  ],
  [
    'memory: what is committed already taken for what did not fit',
    'src/warehouse/duckdb/memory.ts',
    ' && !/durable/i.test(text)',
    '',
    DUCKDB_MEMORY,
  ],
  [
    'memory: a limit that ignores the container',
    'src/warehouse/duckdb/memory.ts',
    'process.constrainedMemory() || Number.POSITIVE_INFINITY',
    'Number.POSITIVE_INFINITY',
    DUCKDB_MEMORY,
  ],
  [
    'memory: memory_limit_mb ignored',
    'src/warehouse/duckdb/memory.ts',
    'if (configured !== null) return configured;',
    '',
    DUCKDB_MEMORY,
  ],
  [
    'memory: a file divided within a line',
    'src/warehouse/duckdb/parts.ts',
    'return before + at + 1;',
    'return before + at;',
    DUCKDB_PARTS,
  ],
  [
    'memory: the first half of a file that keeps the second',
    'src/warehouse/duckdb/parts.ts',
    'truncateSync(file.path, bytes);',
    '',
    DUCKDB_PARTS,
  ],
  [
    'memory: halves behind the parts that follow them',
    'src/warehouse/duckdb/parts.ts',
    '[...halves, ...others]',
    '[...others, ...halves]',
    DUCKDB_PARTS,
  ],
  [
    'memory: any error taken for one of memory',
    'src/warehouse/duckdb/parts.ts',
    'if (!isOutOfMemory(error)) throw error;',
    '',
    DUCKDB_PARTS,
  ],
  [
    'memory: few records that do not fit halved again and again',
    'src/warehouse/duckdb/parts.ts',
    'if (isSmall) return [part];',
    '',
    DUCKDB_PARTS,
  ],
  [
    'memory: files of halves left behind',
    'src/warehouse/duckdb/parts.ts',
    'for (const file of made) removeSpoolFile(file);',
    '',
    DUCKDB_PARTS,
  ],
  [
    'lease: not prolonged',
    'src/warehouse/snowflake/lease.ts',
    '(this.#seconds * 1000) / BEATS',
    '1e9',
    LEASE,
    'is prolonged',
  ],
  [
    'lease: two rows left as they are',
    'src/warehouse/snowflake/lease.ts',
    'if (first && others.length > 0) await this.#leaveOne(steps, first);',
    '',
    LEASE,
    'two rows',
  ],
  [
    'a stream whose rows are refused, read to its end',
    'src/warehouse/loader.ts',
    'return this.#broken ?? this.#streams.get(stream)?.error ?? null;',
    'return this.#broken;',
    LEASE,
    'reads no further|read no further',
  ],
  [
    'standing: a table that was dropped goes unnoticed',
    'src/warehouse/kept-table.ts',
    "if (!holder) return { is: 'anew', why: `the table ${kept.holder} is gone` };",
    "if (!holder) return { is: 'good' };",
    STANDING,
    'that was dropped is filled again',
  ],
  [
    'standing: another table in the place goes unnoticed',
    'src/warehouse/kept-table.ts',
    'if (holder.identity !== kept.identity) {',
    'if (holder.identity === "") {',
    STANDING,
    'took the place of',
  ],
  [
    'standing: a dropped column is not filled',
    'src/warehouse/kept-table.ts',
    "if (!lacksColumns(kept.columns, holder.columns)) return { is: 'good' };",
    "return { is: 'good' };",
    STANDING,
    'column that was dropped',
  ],
  [
    'standing: the table of another pipeline is not refused',
    'src/commands/settle-tables.ts',
    'return other ? takenError(target, other.pipeline) : null;',
    'return null;',
    STANDING,
    'of another pipeline',
  ],
  [
    'standing: a stream that was read is left out when it is refused',
    'src/commands/plan-sync.ts',
    'isOptional(name) && !states.has(name)',
    'isOptional(name)',
    STANDING,
    'refused now fails',
  ],
  [
    'standing: custom objects that were read are forgotten',
    'src/commands/plan-sync.ts',
    'if (listed === null) await addVanished(plan, portal, states);',
    '',
    STANDING,
    'custom objects',
  ],
  [
    'standing: another portal overwrites',
    'src/commands/plan-sync.ts',
    'const other = refresh.includes(stream.name) ? null : ofOtherPortal(stream.name, kept, portal);',
    'const other = null;',
    STANDING,
    'another portal',
  ],
  [
    'what packages log to the console comes to stdout',
    'src/log.ts',
    "for (const name of ['log', 'info', 'debug', 'dir'] as const) console[name] = console.error;",
    '',
    'stores/snowflake-commands',
    'nothing of the driver',
  ],
  [
    'text that is no time deletes',
    'src/warehouse/snowflake/rows.ts',
    "deletedAt === null ? 'FALSE' : `${value(batch, deletedAt)} IS NOT NULL`",
    "deletedAt === null ? 'FALSE' : `COALESCE(${field('D', deletedAt, newType('string'))}, '') <> ''`",
    SNOWFLAKE_DELETIONS,
    'only a time of deletion',
  ],
  [
    'decimals with more digits are NULL',
    'src/warehouse/duckdb/columns.ts',
    'WHEN ${isNumber(raw)} THEN TRY_CAST(${raw} AS DECIMAL(38,10)) END',
    "WHEN regexp_full_match(${raw}, '[+-]?[0-9]*(\\.[0-9]{0,10}0*)?') THEN TRY_CAST(${raw} AS DECIMAL(38,10)) END",
    'src/warehouse/duckdb/columns',
  ],
  [
    'DuckDB: a state kept behind the transaction of its rows',
    'src/warehouse/duckdb/store.ts',
    '          if (state) await this.#keep(state, await this.#aboutOf(target));\n          return counts;\n        });',
    '          return counts;\n        }).then(async (counts) => {\n          if (state) await this.#keep(state, await this.#aboutOf(target));\n          return counts;\n        });',
    DUCKDB_SCHEDULES,
  ],
  [
    'DuckDB: a state kept before its rows',
    'src/warehouse/duckdb/store.ts',
    '        return await this.#transaction(async () => {\n          const counts = { ...NO_ROWS };',
    '        if (state) await this.#keep(state);\n        return await this.#transaction(async () => {\n          const counts = { ...NO_ROWS };',
    DUCKDB_SCHEDULES,
  ],
  [
    'Snowflake: a state kept behind the transaction of its rows',
    'src/warehouse/snowflake/store.ts',
    '        await this.#states.move(steps, state, about);\n      }\n      return counts;\n    };\n    const counts = await inTransaction(steps, body, (each) => {\n      attempts.unsure = each;\n    });\n    attempts.unsure = null;\n',
    '      }\n      return counts;\n    };\n    const counts = await inTransaction(steps, body, (each) => {\n      attempts.unsure = each;\n    });\n    attempts.unsure = null;\n    if (state) await this.#states.move(steps, state, about);\n',
    SNOWFLAKE_SCHEDULES,
  ],
  [
    'Snowflake: a state kept before its rows',
    'src/warehouse/snowflake/store.ts',
    "    const body = async () => {\n      crashPoint('before-rows');\n      const counts = await rows();\n      crashPoint('after-write');\n      if (state) {\n        await refuseEnded(steps, begunAt);\n        await this.#states.move(steps, state, about);\n      }\n",
    '    if (state) await this.#states.move(steps, state, about);\n    const body = async () => {\n      const counts = await rows();\n',
    SNOWFLAKE_SCHEDULES,
  ],
  [
    'Snowflake: a commit whose answer was lost, done once more',
    'src/warehouse/snowflake/store.ts',
    '        this.#states.moved(state);\n        return attempts.unsure;',
    '        this.#states.moved(state);',
    SNOWFLAKE_SCHEDULES,
  ],
  [
    'write: a state put out before its rows are committed',
    'src/warehouse/loader.ts',
    '      if (await load.commit(writers)) this.#anyRows = true;\n    });\n    for (const state of states) await this.#release(state);',
    '      for (const state of states) await this.#release(state);\n      if (await load.commit(writers)) this.#anyRows = true;\n    });',
    PIPED_SCHEDULES,
  ],
  [
    'write: a state written ahead, put out behind the rows that rely on it',
    'src/warehouse/loader.ts',
    'if (this.#overdue || (pending.isAhead && this.#settings.pipeline === null)) this.#seal();',
    'if (this.#overdue) this.#seal();',
    PIPED_SCHEDULES,
  ],
];

const words = process.argv.slice(2);
const chosen = DEFECTS.filter(([name]) => words.length === 0 || words.some((word) => name.includes(word)));
for (const [name, file, from] of DEFECTS) {
  if (readFileSync(join(root, file), 'utf8').split(from).length !== 2)
    throw new Error(`"${name}": ${file} has not exactly one place that says ${from}`);
}
const folder = mkdtempSync(join(tmpdir(), 'hubflake-defects-'));
let missed = 0;
try {
  for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true });
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  for (const name of LINKED) symlinkSync(join(root, name), join(folder, name));
  for (const [name, file, from, to, suite, test = ''] of chosen) {
    const path = join(folder, file);
    const sound = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      sound.replace(from, () => to),
    );
    const isBuilt = BUILT.includes(suite);
    if (isBuilt) build();
    const outcome = run(suite, test);
    writeFileSync(path, sound);
    if (isBuilt) build();
    if (outcome === 'MISSED') missed += 1;
    console.log(`${outcome.padEnd(7)} ${name} (${suite}${test === '' ? '' : `: ${test}`})`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${chosen.length - missed} of ${chosen.length} planted defects were noticed.`);
process.exitCode = missed === 0 ? 0 : 1;

function build() {
  // What is planted need not have the right types.
  spawnSync('npm', ['run', '--silent', 'build', '--', '--noCheck'], { cwd: folder, encoding: 'utf8' });
}

function run(suite, test) {
  const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  const args = [...jest, '--bail', '--testPathPatterns', suite, ...(test === '' ? [] : ['-t', test])];
  const { status, stderr, error } = spawnSync(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, HUBFLAKE_SEED: '2', HUBFLAKE_SCHEDULES: '120', HUBFLAKE_SHRINK: 'no' },
    encoding: 'utf8',
    timeout: LONGEST_MS,
  });
  if (/No tests found|Tests: +\d+ skipped, \d+ total|Cannot find module|SyntaxError/.test(stderr ?? '')) {
    throw new Error(`${suite} could not be run:\n${stderr}`);
  }
  if (error?.code === 'ETIMEDOUT') return 'hung';
  return status === 0 ? 'MISSED' : 'red';
}
