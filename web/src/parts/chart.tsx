import { Box, useComputedColorScheme, VisuallyHidden } from '@mantine/core';
import { BarChart, HeatmapChart, LineChart, PieChart, SankeyChart, ScatterChart } from 'echarts/charts';
import {
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
} from 'echarts/components';
import { type ECharts, type EChartsCoreOption, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { type ReactNode, useEffect, useRef } from 'react';

use([
  BarChart,
  HeatmapChart,
  LineChart,
  PieChart,
  SankeyChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
  DataZoomComponent,
  CanvasRenderer,
]);

/** Told apart by people who see fewer colours too (Okabe and Ito), and readable on both backgrounds. */
export const PALETTE = [
  '#0072B2',
  '#E69F00',
  '#009E73',
  '#CC79A7',
  '#56B4E9',
  '#D55E00',
  '#8f8f8f',
  '#b8a400',
];

type ChartGiven = {
  option: EChartsCoreOption;
  label: string;
  table?: ReactNode;
  height?: number;
  onPick?: (index: number, name: string) => void;
};

/**
 * A picture. `label` says in a sentence what it shows; `table` holds the same figures for those who do not see it.
 * `onPick` gets the data index of a click.
 */
export function Chart(given: ChartGiven) {
  // A chart takes its scheme when it is made, so that another scheme is another chart.
  const scheme = useComputedColorScheme('light');
  return <Drawn key={scheme} scheme={scheme} {...given} />;
}

function Drawn({
  scheme,
  option,
  label,
  table,
  height = 260,
  onPick,
}: ChartGiven & { scheme: 'light' | 'dark' }) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  useEffect(() => {
    if (!box.current) return;
    const made = init(box.current, scheme === 'dark' ? 'dark' : undefined, { renderer: 'canvas' });
    chart.current = made;
    const watcher = new ResizeObserver(() => made.resize());
    watcher.observe(box.current);
    return () => {
      watcher.disconnect();
      made.dispose();
    };
  }, [scheme]);
  useEffect(() => {
    const made = chart.current;
    if (!made) return;
    made.setOption({ color: PALETTE, backgroundColor: 'transparent', animation: false, ...option }, true);
    made.off('click');
    if (onPick) made.on('click', (event) => onPick(event.dataIndex ?? -1, event.name));
  }, [option, onPick]);
  return (
    <figure style={{ margin: 0 }}>
      <Box ref={box} h={height} role="img" aria-label={label} />
      {table && <VisuallyHidden>{table}</VisuallyHidden>}
    </figure>
  );
}
