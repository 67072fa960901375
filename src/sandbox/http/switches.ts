import { fraction, hashText } from '../portal/random.js';
import type { Call } from './call.js';
import { type Lag, type Latency, type Settings, USUAL_SETTINGS } from './settings.js';

/** The settings in force, and a generation that pages made under other settings do not have. */
export class Switches {
  #settings: Settings;
  #generation = 0;
  #cursors = 0;

  constructor(settings: Partial<Settings>) {
    this.#settings = { ...USUAL_SETTINGS, ...settings };
  }

  get now(): Readonly<Settings> {
    return this.#settings;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Opaque cursors carry this number, and are refused when it has changed. */
  get cursorGeneration(): number {
    return this.#cursors;
  }

  set(settings: Partial<Settings>): void {
    this.#settings = { ...this.#settings, ...settings };
    this.#generation++;
  }

  /** Makes all opaque list cursors handed out so far invalid. */
  expireCursors(): void {
    this.#cursors++;
    this.#generation++;
  }
}

/** The lag of each change of one record, in milliseconds. */
export function lagOf(lag: Lag, objectType: string, id: number): (change: number) => number {
  if (typeof lag === 'number') return () => lag;
  if (typeof lag === 'function') return (change) => lag(objectType, id, change);
  const salt = hashText(objectType, lag.seed ?? 0);
  return (change) => Math.floor(fraction(salt + change, id) * lag.maxMs);
}

/** How long to hold `call` back, in milliseconds. */
export function latencyOf(latency: Latency, call: Call): number {
  if (typeof latency === 'number') return latency;
  if (typeof latency === 'function') return latency(call);
  const share = fraction(latency.seed ?? 0, call.n);
  return latency.minMs + Math.floor(share * (latency.maxMs - latency.minMs));
}
