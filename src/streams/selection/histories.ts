import { EVERY_PROPERTY, type SourceConfig } from '../../config/source.js';
import type { KnownObjects } from '../core/known-objects.js';
import type { StreamPlan } from '../core/stream.js';
import { historyName, historyPlan } from '../crm/history/history-plan.js';
import { ReadingPlan } from '../crm/reading/reading-plan.js';

/** The group of histories. */
export const HISTORY = 'history';

/** The readings of objects that plans have. */
export function readingsIn(plans: readonly StreamPlan[]): ReadingPlan[] {
  return plans.flatMap(({ sources = [] }) => sources.filter((source) => source instanceof ReadingPlan));
}

/** The streams of past values: of objects that are configured with them, and of those that are included, or named by a catalog. */
export function planHistories(
  config: SourceConfig,
  known: KnownObjects,
  readings: readonly ReadingPlan[],
  named: readonly string[] | 'all' | 'default',
): StreamPlan[] {
  const isNamed = (name: string) => config.objects === null && (named === 'all' || named.includes(name));
  const ofReadings = readings.flatMap((reading) => {
    const name = historyName(reading.selection.name);
    const configured = reading.selection.criteria?.history ?? null;
    if (configured !== null && configured.length > 0) return [historyPlan(reading, configured)];
    if (config.include.includes(name)) return [historyPlan(reading, [EVERY_PROPERTY])];
    const isByGroup = (configured === null && config.include.includes(HISTORY)) || isNamed(name);
    return isByGroup ? [{ ...historyPlan(reading, [EVERY_PROPERTY]), isByGroup }] : [];
  });
  const planned = ofReadings.map(({ name }) => name);
  const others = known.all
    .filter(({ stream }) => config.include.includes(historyName(stream)) && !planned.includes(historyName(stream)))
    .map((type) => historyPlan(new ReadingPlan({ name: type.stream, type, criteria: null }), [EVERY_PROPERTY]));
  return [...ofReadings, ...others];
}
