import { fstatSync, read } from 'node:fs';
import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** Bytes per read from a file. */
const FILE_PIECE_BYTES = 256 * 1024;
/** The most that a pipe returns per read. */
const PIPE_PIECE_BYTES = 64 * 1024;
/** One is filled while the others wait or are in use. */
const PIPE_BUFFERS = 8;

/**
 * The bytes of a file descriptor in chunks whose memory is reused: a chunk is only valid until the next is requested. Node's
 * streams allocate a new buffer for each 64 KiB, and collecting those costs more than reading them.
 */
export function readPieces(fd = 0): AsyncIterable<Buffer> {
  const kind = fstatSync(fd);
  if (kind.isFile()) return piecesOfFile(fd);
  // Nobody sends large inputs through a terminal.
  return kind.isFIFO() || kind.isSocket() ? new PipePieces(fd) : process.stdin;
}

async function* piecesOfFile(fd: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(FILE_PIECE_BYTES);
  for (;;) {
    const length = await new Promise<number>((resolve, reject) => {
      read(fd, buffer, 0, buffer.length, null, (error, count) => (error ? reject(error) : resolve(count)));
    });
    if (length === 0) return;
    yield buffer.subarray(0, length);
  }
}

interface Waiter {
  resolve: (result: IteratorResult<Buffer>) => void;
  reject: (error: Error) => void;
}

/** Uses the event loop: a read on the thread pool that never returns would keep the process from exiting. */
class PipePieces implements AsyncIterable<Buffer>, AsyncIterator<Buffer> {
  readonly #socket: Socket;
  readonly #free: Buffer[] = Array.from({ length: PIPE_BUFFERS }, () => Buffer.allocUnsafeSlow(PIPE_PIECE_BYTES));
  /** Chunks that were read and not yet handed out. */
  readonly #read: { buffer: Buffer; length: number }[] = [];
  /** The buffer of the chunk that was handed out last. */
  #given: Buffer | null = null;
  #isPaused = false;
  #ended: Error | true | null = null;
  #waiter: Waiter | null = null;

  constructor(fd: number) {
    const buffer = () => this.#free.pop() ?? Buffer.allocUnsafeSlow(PIPE_PIECE_BYTES);
    const callback = (length: number, { buffer, byteOffset, byteLength }: Uint8Array) =>
      this.#take(Buffer.from(buffer, byteOffset, byteLength), length);
    const options: SocketConstructorOpts & ConnectOpts = {
      fd,
      readable: true,
      writable: false,
      onread: { buffer, callback },
    };
    this.#socket = new Socket(options);
    const end = (why: Error | true) => {
      this.#ended ??= why;
      this.#answer();
    };
    this.#socket
      .on('error', end)
      .on('end', () => end(true))
      .on('close', () => end(true));
    this.#socket.resume();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Buffer>> {
    if (this.#given) this.#free.push(this.#given);
    this.#given = null;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#answer();
    });
  }

  /** @returns whether to continue reading: Node takes one buffer right after this call, and the read after that needs another */
  #take(buffer: Buffer, length: number): boolean {
    this.#read.push({ buffer, length });
    this.#answer();
    this.#isPaused = this.#free.length < 2;
    return !this.#isPaused;
  }

  #answer(): void {
    const waiter = this.#waiter;
    if (!waiter) return;
    const ended = this.#ended;
    const piece = this.#read.shift();
    if (piece === undefined && ended === null) return;
    this.#waiter = null;
    if (piece !== undefined) {
      this.#given = piece.buffer;
      waiter.resolve({ done: false, value: piece.buffer.subarray(0, piece.length) });
    } else if (ended === true || ended === null) waiter.resolve({ done: true, value: undefined });
    else waiter.reject(ended);
  }
}
