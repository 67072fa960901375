// Stand-ins for Snowflake that one suite leaves to the next, empty: it takes a second of both cores to start one, and one that has
// run a while remembers statements. A suite has one for itself as long as its connection to the pool is open; one that a suite
// did not give back, as by its end, is ended.
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { startProcess } from './stand-in-process.mjs';

/** @returns {Promise<{ port: number, close(): Promise<void> }>} */
export async function openPool() {
  const idle = [];
  const server = createServer(async (socket) => {
    socket.on('error', () => undefined);
    let mine = idle.pop();
    try {
      mine ??= await startProcess();
    } catch (error) {
      socket.end(`${JSON.stringify({ error: String(error) })}\n`);
      return;
    }
    if (socket.destroyed) {
      idle.push(mine);
      return;
    }
    socket.write(`${JSON.stringify({ port: mine.port })}\n`);
    createInterface(socket).on('line', (line) => {
      if (line === 'complaints') socket.write(`${JSON.stringify({ complaints: mine.complaints() })}\n`);
      if (line !== 'emptied') return;
      idle.push(mine);
      mine = null;
      socket.end();
    });
    socket.on('close', () => mine?.kill());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return {
    port: server.address().port,
    async close() {
      server.close();
      await Promise.all(idle.splice(0).map((each) => each.end()));
    },
  };
}
