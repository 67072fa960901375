// The page has uPlot's script before its own.
import type Plot from 'uplot';

declare global {
  const uPlot: typeof Plot;
  namespace uPlot {
    type AlignedData = Plot.AlignedData;
  }
  type uPlot = Plot;
}
