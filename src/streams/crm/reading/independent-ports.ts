import { StoppedError } from '../../../errors.js';
import type { OutputPort } from '../run/object-output.js';

/**
 * Ports of which each may fail by itself, as a destination may refuse one stream's records, or HubSpot one kind of association: that stream
 * gets nothing more, and the reading goes on as long as there is another one.
 *
 * @param failed called with the stream's name and what it failed with
 */
export function independent(
  ports: readonly OutputPort[],
  failed: (stream: string, error: unknown) => void,
): OutputPort[] {
  let left = ports.length;
  return ports.map((port) => {
    let hasFailed = false;
    return {
      ...port,
      attempt: async (step) => {
        if (hasFailed) return;
        try {
          await step();
        } catch (error) {
          hasFailed = true;
          left -= 1;
          if (left === 0 || error instanceof StoppedError) throw error;
          failed(port.stream, error);
        }
      },
    };
  });
}
