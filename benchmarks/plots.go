package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// plot draws the plots of the results into a folder, as SVG.
func (r *results) plot(folder string) error {
	byTool := func(value func(Run) float64) []line {
		var lines []line
		for _, c := range r.sizes {
			for _, run := range c.runs {
				i := slices.IndexFunc(lines, func(l line) bool { return l.name == run.Tool })
				if i < 0 {
					i, lines = len(lines), append(lines, line{name: run.Tool})
				}
				lines[i].points = append(lines[i].points, plotter.XY{X: float64(run.Documents), Y: value(run)})
			}
		}
		return lines
	}
	err := draw(filepath.Join(folder, "cpu.svg"), axes{
		title: "CPU time, less is better", x: "documents", y: "CPU seconds", log: true,
	}, byTool(func(r Run) float64 { return r.CPU.Seconds() }))
	if err != nil {
		return err
	}
	err = draw(filepath.Join(folder, "memory.svg"), axes{
		title: "Peak memory, less is better", x: "documents", y: "MiB", log: true,
	}, byTool(func(r Run) float64 { return float64(r.Memory >> 20) }))
	if err != nil {
		return err
	}

	recall := make([]line, len(sievesAt))
	for i, k := range sievesAt {
		recall[i].name = fmt.Sprintf("fingerprint, k = %d", k)
	}
	sketch, all := line{name: "sketch"}, line{name: "scan"}
	for _, row := range r.recall {
		if row.pairs == 0 {
			continue
		}
		at := func(y float64) plotter.XY { return plotter.XY{X: row.resemblance + recallStep/2, Y: y} }
		for i := range recall {
			recall[i].points = append(recall[i].points, at(row.within[i]))
		}
		sketch.points = append(sketch.points, at(row.sketch))
		all.points = append(all.points, at(row.scan))
	}
	return draw(filepath.Join(folder, "recall.svg"), axes{
		title: "Recall by true resemblance, more is better", x: "resemblance", y: "share of true pairs found", legend: vg.Centimeter,
	}, append(recall, sketch, all))
}

// plotGrowth draws the picture of a run with a scale.
func plotGrowth(folder string, rows []growthRow) error {
	build, query := line{name: "build"}, line{name: "query"}
	for _, row := range rows {
		n := float64(row.documents)
		build.points = append(build.points, plotter.XY{X: n, Y: row.build.CPU.Seconds() * 1e6 / n})
		query.points = append(query.points, plotter.XY{X: n, Y: row.query.CPU.Seconds() * 1e7 / n})
	}
	return draw(filepath.Join(folder, "growth.svg"), axes{
		title: "Time by size of the index, level is better", x: "documents in the index", y: "CPU µs a document", logX: true,
	}, []line{build, query})
}

type axes struct {
	title, x, y string
	log, logX   bool      // of both axes, of the first alone
	legend      vg.Length // from the top
}

type line struct {
	name   string
	points plotter.XYs
}

// sizeTicks marks the sizes that were measured.
func sizeTicks(lines []line) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, l := range lines {
		for _, xy := range l.points {
			label := fmt.Sprintf("%.0f k", xy.X/1e3)
			if xy.X >= 1e6 {
				label = fmt.Sprintf("%.0f M", xy.X/1e6)
			}
			if !slices.ContainsFunc(ticks, func(t plot.Tick) bool { return t.Value == xy.X }) {
				ticks = append(ticks, plot.Tick{Value: xy.X, Label: label})
			}
		}
	}
	return ticks
}

// draw draws lines over one another.
func draw(path string, a axes, lines []line) error {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = a.title, a.x, a.y
	p.Title.Padding = vg.Points(8)
	p.Legend.Top, p.Legend.Left, p.Legend.Padding = true, true, vg.Points(2)
	p.Legend.YOffs = -a.legend
	p.Add(plotter.NewGrid())
	var named []any
	for _, l := range lines {
		named = append(named, l.name, l.points)
	}
	if err := plotutil.AddLinePoints(p, named...); err != nil {
		return err
	}
	if a.log || a.logX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, sizeTicks(lines)
		p.X.Max *= 1.1 // room for the last label
	}
	if a.log {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	} else {
		p.Y.Min = 0
	}
	return p.Save(18*vg.Centimeter, 11*vg.Centimeter, path)
}
