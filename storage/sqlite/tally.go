package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// keyColumns are what closings c are told apart by.
var keyColumns = map[closure.Dimension]string{
	closure.ByOutcome:   "c.outcome",
	closure.ByReason:    "c.reason",
	closure.ByCause:     "c.cause",
	closure.BySide:      "c.side",
	closure.ByAgent:     "c.agent",
	closure.ByGroup:     "c.grp",
	closure.BySentiment: "c.sentiment",
	closure.ByGrade:     "c.grade",
	closure.ByTag:       "coalesce(t.value, '')",
	closure.ByArticle:   "coalesce(a.value, '')",
	closure.ByDay:       "d.day",
}

var sumsText = func() string {
	text := "count(*)"
	for _, f := range closure.AllFigures() {
		text += ",\n    count(c." + f.String() + "), coalesce(sum(c." + f.String() + "), 0)"
	}
	return text
}()

// Tally implements [storage.Tallier]. It is one statement, which reads one state
// of the database, and for which no writer waits.
func (s *Store) Tally(ctx context.Context, q storage.ClosingQuery, b closure.Breakdown) ([]closure.Group, error) {
	r, err := s.reporter(ctx)
	if err != nil {
		return nil, failed(ctx, "tally", err)
	}
	text, args, err := tallied(q, b)
	if err != nil {
		return nil, failed(ctx, "tally", err)
	}
	groups := []closure.Group{}
	err = each(ctx, r, text, args, func(rows *sql.Rows) error {
		g := closure.Group{Keys: make([]string, len(b.By))}
		dest := append(pointers(g.Keys), &g.Closings)
		for i := range g.Figures {
			dest = append(dest, &g.Figures[i].N, &g.Figures[i].Total)
		}
		err := rows.Scan(dest...)
		if g.Closings > 0 {
			groups = append(groups, g)
		}
		return err
	})
	if err != nil {
		return nil, failed(ctx, "tally", err)
	}
	slices.SortFunc(groups, closure.CompareGroups)
	return groups, nil
}

// Spreads implements [storage.Tallier], as Tally does.
func (s *Store) Spreads(ctx context.Context, q storage.ClosingQuery, b closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
	r, err := s.reporter(ctx)
	if err != nil {
		return nil, failed(ctx, "spreads", err)
	}
	text, args, err := spread(q, b, figure, percentages)
	if err != nil {
		return nil, failed(ctx, "spreads", err)
	}
	spreads := []closure.Spread{}
	at := map[string]int{} // where the spread of the keys is
	err = each(ctx, r, text, args, func(rows *sql.Rows) error {
		var rank, value int64
		one := closure.Spread{Keys: make([]string, len(b.By))}
		if err := rows.Scan(append(pointers(one.Keys), &one.N, &rank, &value)...); err != nil {
			return err
		}
		id := strings.Join(one.Keys, "\x00")
		i, known := at[id]
		if !known {
			i = len(spreads)
			at[id] = i
			if len(percentages) > 0 {
				one.Values = make([]int64, len(percentages))
			}
			spreads = append(spreads, one)
		}
		for j, p := range percentages {
			if closure.Rank(p, one.N) == rank {
				spreads[i].Values[j] = value
			}
		}
		return nil
	})
	if err != nil {
		return nil, failed(ctx, "spreads", err)
	}
	slices.SortFunc(spreads, closure.CompareSpreads)
	return spreads, nil
}

func pointers(keys []string) (dest []any) {
	for i := range keys {
		dest = append(dest, &keys[i])
	}
	return dest
}

// tallied returns the statement of a tally, and its arguments.
func tallied(q storage.ClosingQuery, b closure.Breakdown) (text string, args []any, err error) {
	c, err := countedOf(q, b)
	if err != nil {
		return "", nil, err
	}
	text = c.with + "\nSELECT " + strings.Join(append(c.keys, sumsText), ", ") + c.from + c.where()
	if len(c.keys) > 0 {
		text += "\nGROUP BY " + strings.Join(c.keys, ", ")
	}
	return text, c.args, nil
}

// spread returns the statement that reads of the values of a figure, in each
// group, how many there are, the least, and those of the ranks that closure.Rank
// says; and its arguments.
func spread(q storage.ClosingQuery, b closure.Breakdown, figure closure.Figure, percentages []int) (text string, args []any, err error) {
	c, err := countedOf(q, b)
	if err != nil {
		return "", nil, err
	}
	value := "c." + figure.String()
	c.add(value + " IS NOT NULL")
	var inner, outer []string
	group := ""
	for i, key := range c.keys {
		name := fmt.Sprintf("key%d", i)
		inner, outer = append(inner, key+" AS "+name), append(outer, name)
	}
	if len(c.keys) > 0 {
		group = "PARTITION BY " + strings.Join(c.keys, ", ")
	}
	inner = append(inner, value+" AS value",
		"row_number() OVER ("+group+" ORDER BY "+value+") AS nth",
		"count(*) OVER ("+group+") AS n")
	outer = append(outer, "n", "nth", "value")
	ranks := "1"
	for _, p := range percentages {
		ranks += ", max(1, (? * n + 99) / 100)"
		c.args = append(c.args, p)
	}
	return c.with + "\nSELECT " + strings.Join(outer, ", ") +
		"\nFROM (SELECT " + strings.Join(inner, ", ") + c.from + c.where() + ")" +
		"\nWHERE nth IN (" + ranks + ")", c.args, nil
}

// countedClosings are the closings c that a query selects, once for each group that they
// are in. Their text depends on which fields of the query are set, and on the
// dimensions.
type countedClosings struct {
	with string
	keys []string
	selection
}

func countedOf(q storage.ClosingQuery, b closure.Breakdown) (*countedClosings, error) {
	c := &countedClosings{}
	c.from = "\nFROM " + closingsTable(q)
	for _, by := range b.By {
		column, known := keyColumns[by]
		if !known {
			return nil, fmt.Errorf("no dimension %q", by)
		}
		c.keys = append(c.keys, column)
	}
	low, high := since(q.From), until(q.To)
	if slices.Contains(b.By, closure.ByDay) {
		c.byDay(q, b, low, high)
	} else {
		c.add("c.at >= ? AND c.at < ?", low, high)
	}
	c.add("c.workspace = ?", q.Workspace)
	for _, list := range []struct {
		by   closure.Dimension
		join string
	}{
		{closure.ByTag, "\nLEFT JOIN json_each(nullif(c.tags, '')) t"},
		{closure.ByArticle, "\nLEFT JOIN json_each(nullif(c.articles, '')) a"},
	} {
		if slices.Contains(b.By, list.by) {
			c.from += list.join
		}
	}
	c.filterClosings(q.Filter)
	return c, nil
}

// byDay goes along the table day by day, each as far as it is between low and high.
func (c *countedClosings) byDay(q storage.ClosingQuery, b closure.Breakdown, low, high int64) {
	days := map[string][2]int64{}
	for i := range len(b.Days) - 1 {
		begin, end := max(low, ceil(b.Days[i])), min(high, ceil(b.Days[i+1]))
		if begin < end {
			days[closure.DayKey(i)] = [2]int64{begin, end}
		}
	}
	column, err := json.Marshal(days)
	if err != nil {
		panic(err) // numbers have no way to fail
	}
	c.with = `
WITH d AS MATERIALIZED (
    SELECT key AS day, json_extract(value, '$[0]') AS low, json_extract(value, '$[1]') AS high
    FROM json_each(?))`
	c.args = append(c.args, string(column))
	c.from = "\nFROM d CROSS JOIN " + closingsTable(q)
	c.add("c.at >= d.low AND c.at < d.high")
}
