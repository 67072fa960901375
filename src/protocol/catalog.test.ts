import { parseConfiguredCatalog } from './catalog.js';

const stream = { name: 'contacts', json_schema: {}, supported_sync_modes: ['full_refresh'] };
const configured = { stream, sync_mode: 'full_refresh', destination_sync_mode: 'overwrite' };

test('takes a configured catalog', () => {
  expect(parseConfiguredCatalog({ streams: [configured] }, 'k.json').streams).toEqual([configured]);
});

test.each([
  [null, 'streams should be a list of configured streams'],
  [{ type: 'CATALOG', catalog: {} }, 'this is the message `discover` prints'],
  [{ streams: [stream] }, 'streams[0] should be a configured stream'],
  [
    { streams: [configured, { ...configured, sync_mode: 'full' }] },
    'streams[1].sync_mode should be full_refresh or incremental, but is "full"',
  ],
  [{ streams: [{ ...configured, destination_sync_mode: undefined }] }, 'streams[0].destination_sync_mode'],
  [{ streams: [{ ...configured, stream: {} }] }, 'streams[0].stream.name should be a string, but is nothing'],
])('says what is wrong with %j', (value, message) => {
  expect(() => parseConfiguredCatalog(value, 'k.json')).toThrow(message);
});
