"""Puts the figures of struere_bench into a page, between its two marks, and draws them:
report.py RESULTS.json… --page docs/performance.md --chart docs/performance.svg"""
import argparse
import json
import xml.sax.saxutils

BEGIN = "<!-- figures: written by scripts/bench -->"
END = "<!-- end of the figures -->"
WORSE = 1.1  # a ratio that grows by less between the smallest and the largest run may be noise


def size_name(sessions):
    for unit, name in ((1_000_000, " M"), (1_000, " k")):
        if sessions >= unit:
            return f"{sessions / unit:g}{name}"
    return str(sessions)


def time_text(microseconds):
    if microseconds < 1:
        return f"{microseconds * 1000:.0f} ns"
    return f"{microseconds:.1f}" if microseconds < 100 else f"{microseconds:.0f}"


def ratio_text(ratio):
    return f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}"


class Results:
    """All runs, by operation and contender, in the order in which they ran."""

    def __init__(self, paths):
        self.runs = sorted((json.load(open(path, encoding="utf-8")) for path in paths), key=lambda run: run["sessions"])
        self.sizes = [run["sessions"] for run in self.runs]
        self.figures = {}  # operation -> contender -> sessions -> figures
        for run in self.runs:
            for operation in run["operations"]:
                contenders = self.figures.setdefault(operation["operation"], {})
                for contender in operation["contenders"]:
                    contenders.setdefault(contender["name"], {})[run["sessions"]] = contender

    def judged(self):
        """(operation, contender, its figures by size) of each that struere is compared with, or that is to be met alone."""
        for operation, contenders in self.figures.items():
            for name, by_size in contenders.items():
                if name != "struere" or any("target" in figures for figures in by_size.values()):
                    yield operation, name, by_size


def last(by_size):
    return by_size[max(by_size)]


def achieved(figures):
    return figures.get("ratioOfBests", figures["best"])


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "| " + " | ".join(["---"] * len(header)) + " |"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def ratios(results):
    rows = []
    for operation, name, by_size in results.judged():
        text = time_text if name == "struere" else ratio_text
        target = last(by_size).get("target")
        rows.append([operation, "–" if name == "struere" else name]
                    + [text(achieved(by_size[size])) if size in by_size else "" for size in results.sizes]
                    + [text(target) if target else "", "" if target is None else "met" if last(by_size)["met"] else "**not met**"])
    return table(["struere ÷ the other (bests)", "the other"] + [size_name(size) for size in results.sizes] + ["at most", ""], rows)


def times(results):
    rows = []
    for operation, contenders in results.figures.items():
        for name, by_size in contenders.items():
            rows.append([operation, name] + [
                f"{time_text(by_size[size]['median'])} [{time_text(by_size[size]['best'])}]" if size in by_size else ""
                for size in results.sizes])
    return table(["µs: median [best]", ""] + [size_name(size) for size in results.sizes], rows)


def readers(results):
    """What two readers keep of their pages beside a writer."""
    beside = results.figures.get("2 readers beside a writer, pages of 50", {})
    quiet = results.figures.get("2 readers, pages of 50", {})
    rows = []
    for name, by_size in beside.items():
        cells = []
        for size in results.sizes:
            if size not in by_size or size not in quiet.get(name, {}):
                cells.append("")
                continue
            here, alone = by_size[size], quiet[name][size]
            cells.append(f"{1e6 / here['best']:,.0f} of {1e6 / alone['best']:,.0f} ({alone['best'] / here['best']:.0%}), "
                         f"{here['creates/s']:,.0f} creates/s")
        rows.append([name] + cells)
    return table(["2 readers: pages/s beside a writer, of those without"] + [size_name(size) for size in results.sizes], rows) if rows else []


def growth(results):
    if len(results.sizes) < 2:
        return []
    small, large = results.sizes[0], results.sizes[-1]
    worse = []
    for operation, name, by_size in results.judged():
        if name == "by hand" and small in by_size and large in by_size:
            factor = achieved(by_size[large]) / achieved(by_size[small])
            if factor > WORSE:
                worse.append(f"{operation} (×{factor:.2f})")
    said = ("no ratio to the SQL by hand grows by more than a tenth" if not worse
            else "ratios to the SQL by hand that grow by more than a tenth: " + ", ".join(worse))
    return ["", f"From {size_name(small)} to {size_name(large)} sessions: {said}."]


def provenance(results):
    newest = results.runs[-1]
    postgres = f", PostgreSQL {newest['postgres'].split()[0]}" if "postgres" in newest else ""
    loads = ", ".join(f"{run['load']:.1f}" for run in results.runs)
    rounds = min(len(contender["times"]) for operation in newest["operations"] for contender in operation["contenders"])
    return (f"Measured on {newest['date'][:10]}: SQLite {newest['sqlite']}{postgres}, {newest['processors']} processors, {rounds} rounds; load average before "
            f"{'each run' if len(results.runs) > 1 else 'the run'}: {loads}.")


def page_part(results):
    return "\n".join([BEGIN, provenance(results), ""] + ratios(results) + growth(results) + [""] + readers(results)
                     + ["", "<details><summary>All times</summary>", ""] + times(results) + ["", "</details>", END])


STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .small { font-size: 11px; fill: #57606a }
  .met { fill: #1a7f64 } .missed { fill: #c2571a } .untold { fill: #6e7781 }
  .target { stroke: #24292f; stroke-width: 2.5 } .even { stroke: #8c959f; stroke-dasharray: 3 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9da7b1 } .met { fill: #3fb993 } .missed { fill: #f0883e } .untold { fill: #8b949e }
    .target { stroke: #e6edf3 } .even { stroke: #6e7681 }
  }"""


def chart(results):
    """Bars of struere ÷ by hand in the largest run that has the operation, with the target as a tick."""
    bars = [(operation, last(by_size)) for operation, name, by_size in results.judged() if name == "by hand"]
    left, width, top, step = 290, 430, 58, 26
    most = max([1.6] + [max(achieved(figures), figures.get("target", 0)) for _, figures in bars]) * 1.05
    height = top + step * len(bars) + 14

    def x(ratio):
        return left + width * ratio / most

    def text(at_x, at_y, words, attributes=""):
        return f'<text x="{at_x:.1f}" y="{at_y}" {attributes}>{xml.sax.saxutils.escape(words)}</text>'

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 70} {height}" role="img" '
           'aria-label="Time of struere divided by that of SQL written by hand">', f"<style>{STYLE}\n</style>",
           text(12, 20, f"struere ÷ SQL written by hand, {size_name(results.sizes[-1])} sessions: shorter is faster"),
           text(12, 38, "Bar: ratio of the bests, green where the target is met. Tick: the target. Dashed line: as fast as by hand.",
                'class="small"'),
           f'<line class="even" x1="{x(1):.1f}" x2="{x(1):.1f}" y1="{top - 8}" y2="{height - 10}"/>']
    for i, (operation, figures) in enumerate(bars):
        y = top + step * i
        ratio = achieved(figures)
        kind = {True: "met", False: "missed", None: "untold"}[figures.get("met")]
        out.append(text(left - 10, y + 13, operation, 'text-anchor="end"'))
        out.append(f'<rect class="{kind}" x="{left}" y="{y}" width="{x(ratio) - left:.1f}" height="17" rx="2"/>')
        end = x(ratio)
        if "target" in figures:
            at = x(figures["target"])
            out.append(f'<line class="target" x1="{at:.1f}" x2="{at:.1f}" y1="{y - 3}" y2="{y + 20}"/>')
            if end - 4 < at < end + 44:  # the figure would be crossed by the tick
                end = at
        out.append(text(end + 6, y + 13, ratio_text(ratio)))
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("results", nargs="+")
    arguments.add_argument("--page", required=True)
    arguments.add_argument("--chart", required=True)
    asked = arguments.parse_args()
    results = Results(asked.results)
    with open(asked.page, encoding="utf-8") as file:
        page = file.read()
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise SystemExit(f"{asked.page} lacks the two marks: {BEGIN} and {END}")
    page = page[:page.index(BEGIN)] + page_part(results) + page[page.index(END) + len(END):]
    with open(asked.page, "w", encoding="utf-8") as file:
        file.write(page)
    with open(asked.chart, "w", encoding="utf-8") as file:
        file.write(chart(results))


if __name__ == "__main__":
    main()
