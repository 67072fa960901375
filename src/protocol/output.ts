import { write as fsWrite } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { OutputError } from '../errors.js';
import { codeOf } from '../json.js';
import { type ByteText, fromLatin1 } from './json/byte-text.js';
import { escapeBreaks, escapeBreaksInBytes } from './json/line-breaks.js';

/** Queued bytes above which {@link MessageOutput.drained} makes producers wait (backpressure). */
const HIGH_WATER_BYTES = 2 * 1024 * 1024;
/** Lines are collected in buffers of this size, each of which is written by one write(2) and then reused. */
const PIECE_BYTES = 256 * 1024;
/** The most buffers kept for reuse. */
const MOST_SPARE = 4;
/** A pipe that another process has made non-blocking returns EAGAIN while it is full. */
const EAGAIN_PAUSE_MS = 5;

/** Lines that are written together. */
interface Piece {
  buffer: Buffer;
  /** How much of the buffer is filled. */
  length: number;
}

interface Waiter {
  /** Waits until fewer than this many bytes are queued, or until the bytes up to this position are written. */
  until: { queued: number } | { position: number };
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * The output for protocol messages: lines are written in the order of the calls, batched into large writes, and none is lost at
 * exit as long as {@link close} is awaited (calling `process.exit` right after a write to a pipe loses most of it).
 *
 * It writes to the file descriptor itself instead of `process.stdout`, whose writes to a pipe are synchronous on Linux: a slow
 * reader would block the whole process, signal handlers and rate-limit timers included.
 */
export class MessageOutput {
  readonly #fd: number;
  /** Full pieces waiting to be written; the piece that is being filled comes after them. */
  #queue: Piece[] = [];
  #filling: Piece | null = null;
  #spare: Buffer[] = [];
  #queuedBytes = 0;
  #pump: Promise<void> | null = null;
  #failure: OutputError | null = null;
  readonly #broken = new AbortController();
  #waiting: Waiter[] = [];
  /** Total bytes passed to {@link write}, and total bytes handed to the operating system. */
  #given = 0;
  #handedOver = 0;

  constructor(fd = 1) {
    this.#fd = fd;
  }

  /** Aborted with the error as reason when the output cannot be written any more, so that reading stops, too. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** Why the output cannot be written any more; null while it can. */
  get failure(): OutputError | null {
    return this.#failure;
  }

  /** Appends one or more whole lines, newlines included. Never blocks: await {@link drained} between batches. */
  write(lines: string | Buffer): void {
    if (typeof lines !== 'string') {
      this.writeBytes(fromLatin1(lines.toString('latin1')));
      return;
    }
    const text = escapeBreaks(lines);
    const bytes = Buffer.byteLength(text);
    const room = this.#roomFor(bytes);
    if (room === null) return;
    room.buffer.write(text, room.length, 'utf8');
    room.length += bytes;
  }

  /** Like {@link write}, for lines that are encoded already. */
  writeBytes(lines: ByteText): void {
    const text = escapeBreaksInBytes(lines);
    const room = this.#roomFor(text.length);
    if (room === null) return;
    room.buffer.write(text, room.length, 'latin1');
    room.length += text.length;
  }

  /** The piece with room for so many bytes; null: the output is broken, or there are no bytes. */
  #roomFor(bytes: number): Piece | null {
    if (this.#failure || bytes === 0) return null;
    this.#queuedBytes += bytes;
    this.#given += bytes;
    this.#pump ??= this.#run();
    if (this.#filling && this.#filling.length + bytes > this.#filling.buffer.length) this.#endPiece();
    this.#filling ??= { buffer: this.#bufferFor(bytes), length: 0 };
    return this.#filling;
  }

  #bufferFor(bytes: number): Buffer {
    if (bytes > PIECE_BYTES) return Buffer.allocUnsafeSlow(bytes);
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
  }

  #endPiece(): void {
    if (this.#filling) this.#queue.push(this.#filling);
    this.#filling = null;
  }

  /** Resolves when the queue is short enough to go on. Throws an OutputError when the output is broken. */
  async drained(): Promise<void> {
    await this.#wait({ queued: HIGH_WATER_BYTES });
  }

  /**
   * Resolves when everything written before this call has been handed to the operating system, where it survives a kill. Throws an
   * OutputError when the output is broken.
   */
  async handedOver(): Promise<void> {
    await this.#wait({ position: this.#given });
  }

  async #wait(until: Waiter['until']): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#isReached(until)) return;
    await new Promise<void>((resolve, reject) => this.#waiting.push({ until, resolve, reject }));
  }

  #isReached(until: Waiter['until']): boolean {
    return 'queued' in until ? this.#queuedBytes < until.queued : this.#handedOver >= until.position;
  }

  /** Resolves when everything written so far has been handed to the operating system. */
  async flush(): Promise<void> {
    while (this.#pump) await this.#pump;
    if (this.#failure) throw this.#failure;
  }

  /** Flushes, ignoring a broken output: at the end there is nobody left to report it to. */
  async close(): Promise<void> {
    await this.flush().catch(() => undefined);
  }

  async #run(): Promise<void> {
    // Starts one iteration of the event loop later, so that all lines of a page are written together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    try {
      for (;;) {
        if (this.#queue.length === 0) this.#endPiece();
        const piece = this.#queue.shift();
        if (!piece) break;
        await this.#writeAll(piece.buffer.subarray(0, piece.length));
        this.#queuedBytes -= piece.length;
        this.#handedOver += piece.length;
        if (piece.buffer.length === PIECE_BYTES && this.#spare.length < MOST_SPARE) this.#spare.push(piece.buffer);
        this.#wake();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#pump = null;
    }
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    let offset = 0;
    while (offset < bytes.length) {
      const written = await new Promise<number>((resolve, reject) => {
        fsWrite(this.#fd, bytes, offset, bytes.length - offset, null, (error, count) => {
          if (!error) resolve(count);
          else if (error.code === 'EAGAIN') resolve(0);
          else reject(error);
        });
      });
      if (written === 0) await sleep(EAGAIN_PAUSE_MS);
      offset += written;
    }
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const reached = this.#waiting.filter(({ until }) => this.#isReached(until));
    this.#waiting = this.#waiting.filter((waiter) => !reached.includes(waiter));
    for (const { resolve } of reached) resolve();
  }

  #fail(error: unknown): void {
    const code = codeOf(error);
    const why =
      code === 'EPIPE'
        ? 'The reader of the output has gone away, so reading was stopped. States already received stay valid.'
        : `The output cannot be written (${code ?? String(error)}). Check the disk and the program that reads it.`;
    this.#failure = new OutputError(why, { cause: error });
    this.#queue = [];
    this.#filling = null;
    this.#queuedBytes = 0;
    this.#broken.abort(this.#failure);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(this.#failure);
  }
}
