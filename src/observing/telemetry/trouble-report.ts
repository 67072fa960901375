import type { DiagLogger } from '@opentelemetry/api';
import { stringAt } from '../../json.js';
import { log } from '../../log.js';

/** What OpenTelemetry complains of, as one warning: it does not matter to a run. */
export class TroubleReport implements DiagLogger {
  #isSaid = false;

  error(message: string): void {
    const why = reasonIn(message);
    // Anything but an error of an export is about an environment variable that OpenTelemetry cannot use.
    if (why === null) log.warn(`OpenTelemetry: ${message}`);
    else this.say(why);
  }

  warn(message: string): void {
    log.debug(`OpenTelemetry: ${message}`);
  }

  info(): void {}
  debug(): void {}
  verbose(): void {}

  /** @param why as the end of a sentence */
  say(why: string): void {
    if (this.#isSaid) log.debug(`OpenTelemetry: ${why}`);
    else {
      log.warn(
        `OpenTelemetry's data could not be exported (${why}). The run itself is not affected: look at OTEL_EXPORTER_OTLP_ENDPOINT, or unset it.`,
      );
    }
    this.#isSaid = true;
  }
}

/** OpenTelemetry logs an error as JSON of its members; null: it is none. */
function reasonIn(message: string): string | null {
  try {
    const error: unknown = JSON.parse(message);
    const code = stringAt(error, 'code');
    const text = stringAt(error, 'message') || stringAt(error, 'name') || message;
    return code === undefined || text.includes(code) ? text : `${text}, ${code}`;
  } catch {
    return null;
  }
}
