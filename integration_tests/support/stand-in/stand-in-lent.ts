import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { startProcess } from './stand-in-process.mjs';

/** A running stand-in, to be ended by whoever has it. */
export interface Running {
  port: number;
  complaints(): string | Promise<string>;
  /** @param isEmpty whether another may have it */
  end(isEmpty: boolean): Promise<void>;
}

/** One of the pool's where Jest's global setup has made one, and else one of its own. */
export async function obtain(directory?: string): Promise<Running> {
  const pool = process.env.HUBFLAKE_STAND_INS;
  if (directory === undefined && pool) return borrow(Number(pool));
  return startProcess(...(directory === undefined ? [] : [directory]));
}

async function borrow(pool: number): Promise<Running> {
  const socket = connect(pool, '127.0.0.1');
  const lines = createInterface(socket);
  const answer = async () => JSON.parse(String((await once(lines, 'line'))[0]));
  const { port, error } = await answer();
  if (error) throw new Error(error);
  return {
    port,
    complaints: async () => {
      socket.write('complaints\n');
      return (await answer()).complaints;
    },
    end: async (isEmpty) => {
      const closed = once(socket, 'close');
      if (isEmpty) socket.write('emptied\n');
      else socket.destroy();
      await closed;
    },
  };
}
