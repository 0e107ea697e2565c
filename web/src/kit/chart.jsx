// Charts by uPlot, which is loaded only where a chart is shown. A table below says the same to a screen reader.
import { useEffect, useRef, useState } from "preact/hooks";

// `series`: [{name, colour (a custom property), values}]; `times`: milliseconds.
export function Chart({ title, times, series, height = 200 }) {
  const box = useRef();
  const [theme, set_theme] = useState(0);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const listener = () => set_theme((n) => n + 1);
    query.addEventListener("change", listener);
    return () => query.removeEventListener("change", listener);
  }, []);
  useEffect(() => {
    let plot;
    let is_current = true;
    const place = box.current;
    const observer = new ResizeObserver(() => is_current && plot?.setSize({ width: place.clientWidth, height }));
    import("uplot").then(({ default: Plot }) => {
      if (!is_current) return;
      const style = getComputedStyle(document.documentElement);
      const colour = (name) => style.getPropertyValue(name).trim();
      const axis = { stroke: colour("--ink-3"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") }, font: "11px system-ui" };
      plot = new Plot({
        width: place.clientWidth, height,
        cursor: { y: false },
        scales: { y: { range: (_, low, high) => [0, Math.max(high * 1.1, 1)] } },
        axes: [axis, { ...axis, size: 56, values: (_, ticks) => ticks.map(short_number) }],
        series: [{ value: (_, at) => (at ? new Date(at * 1000).toISOString().slice(0, 10) : "–") },
          ...series.map((one) => ({ label: one.name, stroke: colour(one.colour), fill: `${colour(one.colour)}22`, width: 2, points: { show: times.length < 40, size: 5 } }))],
      }, [times.map((ms) => ms / 1000), ...series.map((one) => one.values)], place);
      observer.observe(place);
    });
    return () => {
      is_current = false;
      observer.disconnect();
      plot?.destroy();
    };
  }, [JSON.stringify([times, series]), theme]);
  return (
    <figure>
      <figcaption class="strong small">{title}</figcaption>
      <div class="chart" ref={box} aria-hidden="true" />
      <table class="visually-hidden">
        <caption>{title}</caption>
        <thead><tr><th scope="col">day</th>{series.map((one) => <th scope="col" key={one.name}>{one.name}</th>)}</tr></thead>
        <tbody>{times.map((ms, i) => <tr key={ms}><td>{new Date(ms).toISOString().slice(0, 10)}</td>{series.map((one) => <td key={one.name}>{one.values[i]}</td>)}</tr>)}</tbody>
      </table>
    </figure>
  );
}

export function short_number(number) {
  if (number === null || number === undefined) return "";
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) if (Math.abs(number) >= size) return `${+(number / size).toFixed(1)}${unit}`;
  return String(+number.toFixed(2));
}
