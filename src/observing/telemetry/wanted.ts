/** What is to be exported, by OpenTelemetry's variables of the environment. */
export interface Wanted {
  traces: boolean;
  metrics: boolean;
  /** Why something that is asked for is not exported: a sentence each. */
  problems: string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What the variables ask for; null: for nothing, so that no package of OpenTelemetry need be loaded. */
export function wantedOf(environment: Environment): Wanted | null {
  const valueIn = (name: string) => environment[name]?.trim() ?? '';
  if (valueIn('OTEL_SDK_DISABLED').toLowerCase() === 'true') return null;
  const problems: string[] = [];
  const isWanted = (signal: 'TRACES' | 'METRICS') => {
    const variable = `OTEL_${signal}_EXPORTER`;
    const exporters = valueIn(variable)
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    // That of a signal goes before the one of all.
    const endpoint = [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, 'OTEL_EXPORTER_OTLP_ENDPOINT'].find(
      (name) => valueIn(name) !== '',
    );
    const unknown = exporters.find((name) => name !== 'otlp' && name !== 'none');
    if (unknown !== undefined)
      problems.push(`${variable} names "${unknown}", which hubflake does not have: use otlp, or none.`);
    if (exporters.length > 0 ? !exporters.includes('otlp') : endpoint === undefined) return false;
    if (endpoint !== undefined && !isWebAddress(valueIn(endpoint))) {
      problems.push(`${endpoint} is not a URL, such as http://localhost:4318: nothing is exported to it.`);
      return false;
    }
    const protocol = valueIn(`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`) || valueIn('OTEL_EXPORTER_OTLP_PROTOCOL');
    if (protocol === '' || protocol === 'http/protobuf') return true;
    problems.push(
      `OpenTelemetry's ${signal.toLowerCase()} are not exported by "${protocol}": set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf, which collectors take on port 4318.`,
    );
    return false;
  };
  const wanted = { traces: isWanted('TRACES'), metrics: isWanted('METRICS'), problems: [...new Set(problems)] };
  return wanted.traces || wanted.metrics || problems.length > 0 ? wanted : null;
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
