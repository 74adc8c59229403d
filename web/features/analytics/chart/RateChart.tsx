"use client";

import { useElementSize } from "@mantine/hooks";
import Link from "next/link";
import { formatRate } from "@/lib/format";
import classes from "./RateChart.module.css";
import { RateTable } from "./RateTable";
import { type Mark, type Series, styleOf } from "./series";

const HEIGHT = 240;
const MARGIN = { top: 12, right: 16, bottom: 26, left: 42 };
const RATES = [0, 0.25, 0.5, 0.75, 1];
const PIXELS_A_TICK = 64;

export type Tick = { place: number; label: string };

type Props = { label: string; across: string; series: readonly Series[]; ticks: readonly Tick[] };

/**
 * Rates from 0 to 100 % as lines, each mark with its interval, and a link to the rollouts behind it. Who cannot see or point at it
 * has the same as a table, under it, with the same links.
 */
export function RateChart({ label, across, series, ticks }: Props) {
  const { ref, width } = useElementSize();
  return (
    <figure className={classes.figure}>
      <Legend series={series} />
      <div ref={ref} className={classes.plot} style={{ height: HEIGHT }}>
        {width > 0 && <Plot width={width} series={series} ticks={ticks} />}
      </div>
      <p className={classes.across} aria-hidden>
        {across}
      </p>
      <RateTable label={label} across={across} series={series} />
    </figure>
  );
}

function Legend({ series }: { series: readonly Series[] }) {
  return (
    <ul className={classes.legend} aria-hidden>
      {series.map(({ name }, position) => {
        const { color, shape, dashes } = styleOf(position);
        return (
          <li key={name} title={name}>
            <svg width="26" height="12" viewBox="-13 -6 26 12" aria-hidden="true" focusable="false" style={{ color }}>
              <path d="M-13,0H13" className={classes.line} strokeDasharray={dashes} />
              <path d={shape} className={classes.mark} />
            </svg>
            <span>{name}</span>
          </li>
        );
      })}
    </ul>
  );
}

type PlotProps = { width: number; series: readonly Series[]; ticks: readonly Tick[] };

function Plot({ width, series, ticks }: PlotProps) {
  const across = (place: number) => MARGIN.left + place * (width - MARGIN.left - MARGIN.right);
  const down = (rate: number) => MARGIN.top + (1 - rate) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  return (
    <svg width={width} height={HEIGHT} aria-hidden="true" focusable="false" className={classes.svg}>
      {RATES.map((rate) => (
        <g key={rate}>
          <line x1={MARGIN.left} x2={width - MARGIN.right} y1={down(rate)} y2={down(rate)} className={classes.grid} />
          <text x={MARGIN.left - 8} y={down(rate)} className={classes.rate}>
            {formatRate(rate)}
          </text>
        </g>
      ))}
      {thinned(ticks, width).map(({ place, label }) => (
        <text key={label} x={across(place)} y={HEIGHT - 8} className={classes.tick}>
          {label}
        </text>
      ))}
      {series.map(({ name, marks }, position) => (
        <SeriesLine key={name} name={name} marks={marks} position={position} across={across} down={down} />
      ))}
    </svg>
  );
}

/** So many of the ticks as there is room for, the last one among them. */
function thinned(ticks: readonly Tick[], width: number): readonly Tick[] {
  const every = Math.max(1, Math.ceil((ticks.length * PIXELS_A_TICK) / width));
  return ticks.filter((_, position) => (ticks.length - 1 - position) % every === 0);
}

type LineProps = {
  name: string;
  marks: readonly Mark[];
  position: number;
  across: (place: number) => number;
  down: (rate: number) => number;
};

function SeriesLine({ name, marks, position, across, down }: LineProps) {
  const { color, shape, dashes } = styleOf(position);
  const points = marks.map(({ place, rate }) => `${across(place)},${down(rate)}`).join(" ");
  return (
    <g style={{ color }}>
      <polyline points={points} className={classes.line} strokeDasharray={dashes} />
      {marks.map((mark) => (
        <Link key={mark.label} href={mark.href} tabIndex={-1} prefetch={false} className={classes.link}>
          <title>{`${name}, ${mark.label}: ${markInWords(mark)}`}</title>
          {mark.low !== null && mark.high !== null && (
            <line
              x1={across(mark.place)}
              x2={across(mark.place)}
              y1={down(mark.low)}
              y2={down(mark.high)}
              className={classes.interval}
            />
          )}
          <circle cx={across(mark.place)} cy={down(mark.rate)} r={11} className={classes.target} />
          <path d={shape} transform={`translate(${across(mark.place)} ${down(mark.rate)})`} className={classes.mark} />
        </Link>
      ))}
    </g>
  );
}

export function markInWords({ rate, low, high, basis }: Mark): string {
  const interval = low === null || high === null ? "" : ` (${formatRate(low)}–${formatRate(high)})`;
  return `${formatRate(rate)}${interval}, ${basis}`;
}
