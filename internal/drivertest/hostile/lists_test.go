package hostile_test

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage/memory"
)

// lists puts bad values into what selects conversations.
func (b *table) lists() {
	ids := badIDs()
	view := func(path string, values []named[string], want string, set func(*lifecycle.View, string)) {
		for _, m := range []string{"List", "Count"} {
			field(b, m, "v", path, values, want, set)
		}
	}
	view("Agent", ids, "invalid agent", func(v *lifecycle.View, s string) { v.Agent = s })
	view("Group", ids, "invalid group", func(v *lifecycle.View, s string) { v.Group = s })
	view("Visitor", ids, "invalid visitor", func(v *lifecycle.View, s string) { v.Visitor = s })
	view("Outcome", join(badEnums, nearly("resolved")), "invalid outcome", func(v *lifecycle.View, s string) { v.Outcome = closure.Outcome(s) })
	view("States", join(empty, badEnums, nearly("waiting")), "invalid states", func(v *lifecycle.View, s string) { v.States = []conversation.State{conversation.State(s)} })
	view("Order", join(badEnums, nearly("updated"), []named[string]{{"as stores call it", "since"}}), "invalid order", func(v *lifecycle.View, s string) { v.Order = lifecycle.Order(s) })
	view("Tag", badFilterTags, "invalid tag", func(v *lifecycle.View, s string) { v.Tag = s })
	view("Tag", strangeFilterTags(), "accepted", func(v *lifecycle.View, s string) { v.Tag = s })
	for _, m := range []string{"List", "Count"} {
		field(b, m, "v", "From", farTimes, "invalid from", func(v *lifecycle.View, at time.Time) { v.From = at })
		field(b, m, "v", "To", farTimes, "invalid to", func(v *lifecycle.View, at time.Time) { v.To = at })
		field(b, m, "v", "States", []named[[]conversation.State]{
			{"twice", []conversation.State{conversation.StateBot, conversation.StateBot}}, {"10,000", slices.Repeat([]conversation.State{conversation.StateBot}, 10_000)},
		}, "invalid states", func(v *lifecycle.View, states []conversation.State) { v.States = states })
		field(b, m, "v", "Group and Ungrouped", []named[string]{{"both", "billing"}}, "invalid group", func(v *lifecycle.View, s string) { v.Group, v.Ungrouped = s, true })
	}
	for _, m := range b.with("limit") {
		if m == "History" || m == "Feed" || m == "Setbacks" {
			continue
		}
		scalar(b, m, "limit", join(zero, negative), "invalid limit")
		if m == "Agents" || m == "Groups" {
			scalar(b, m, "limit", huge, "accepted")
			continue
		}
		scalar(b, m, "limit", join(huge, []named[int]{{"501", lifecycle.MaxPage + 1}}), "invalid limit")
	}
}

var badFilterTags = join(around(notUTF8), []named[string]{
	{"NUL", "\x00"}, {"NUL inside", canary + "\x00" + canary}, {"65 bytes", canary + strings.Repeat("x", 65-len(canary))}, {"10 MB", tenMegabytes},
})

// strangeFilterTags are legal in a filter, and no conversation has them.
func strangeFilterTags() []named[string] { return legalTexts(conversation.MaxTag) }

// reports puts bad values into what selects closings.
func (b *table) reports() {
	filters(b, "Closings", "v", func(v *lifecycle.ClosingView) *closure.Filter { return &v.Filter })
	filters(b, "Unconfirmed", "v", func(v *lifecycle.ClosingView) *closure.Filter { return &v.Filter })
	filters(b, "Report", "q", func(q *lifecycle.ReportQuery) *closure.Filter { return &q.Filter })
	filters(b, "Spreads", "q", func(q *lifecycle.ReportQuery) *closure.Filter { return &q.Filter })
	filters(b, "Articles", "f", func(f *closure.Filter) *closure.Filter { return f })
	for _, m := range []string{"Report", "Spreads"} {
		field(b, m, "q", "By", join(empty, badEnums, nearly("tag")), "invalid by", func(q *lifecycle.ReportQuery, s string) { q.By = []closure.Dimension{closure.Dimension(s)} })
		field(b, m, "q", "By", []named[[]closure.Dimension]{
			{"twice", []closure.Dimension{closure.ByTag, closure.ByTag}}, {"10,000", slices.Repeat([]closure.Dimension{closure.ByTag}, 10_000)},
		}, "invalid by", func(q *lifecycle.ReportQuery, by []closure.Dimension) { q.By = by })
		byDay := func(q *lifecycle.ReportQuery, from, to time.Time) {
			q.By, q.From, q.To = []closure.Dimension{closure.ByDay}, from, to
		}
		field(b, m, "q", "From and To by day", []named[span]{
			{"none", span{}}, {"no end", span{start, time.Time{}}}, {"no beginning", span{time.Time{}, start}}, {"an end before", span{start, start.Add(-1)}}, {"the same", span{start, start}},
			{"4001 days", span{start, start.AddDate(0, 0, 4001)}}, {"8000 years", span{time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}},
		}, "invalid to", func(q *lifecycle.ReportQuery, at span) { byDay(q, at[0], at[1]) })
		field(b, m, "q", "Zone", strangeZones, "accepted", func(q *lifecycle.ReportQuery, zone *time.Location) {
			byDay(q, start.AddDate(0, 0, -5), start.AddDate(0, 0, 5))
			q.Zone = zone
		})
	}
	scalar(b, "Spreads", "figure", join(negative, huge, []named[int]{{"one too many", closure.NumFigures}}), "invalid figure")
	var percentages []named[[]int]
	for _, n := range join(zero, negative, huge, []named[int]{{"101", 101}}) {
		percentages = append(percentages, named[[]int]{n.name, []int{50, n.v}})
	}
	percentages = append(percentages, named[[]int]{"10,000", slices.Repeat([]int{50}, 10_000)})
	scalar(b, "Spreads", "percentages", percentages, "invalid percentages")
	scalar(b, "Spreads", "percentages", []named[[]int]{{"none", nil}, {"the same 100 times", slices.Repeat([]int{50}, 100)}}, "accepted")
}

// A span is from an instant to another.
type span [2]time.Time

// strangeZones are farther from UTC than any real one.
var strangeZones = []named[*time.Location]{
	{"27 hours behind", time.FixedZone("", -27*3600)}, {"27 hours ahead", time.FixedZone("", 27*3600)}, {"68 years behind", time.FixedZone("", math.MinInt32)},
	{"68 years ahead", time.FixedZone("", math.MaxInt32)}, {"an odd second", time.FixedZone(canary, 12345)}, {"without a name", time.FixedZone("", 0)}, {"nobody's", new(time.Location)},
}

// filters puts bad values into a filter.
func filters[S any](b *table, method, parameter string, of func(*S) *closure.Filter) {
	ids := badIDs()
	words := func(path string, values []named[string], want string, set func(*closure.Filter, string)) {
		field(b, method, parameter, path, values, want, func(s *S, v string) { set(of(s), v) })
	}
	words("Conversation", ids, "invalid conversation", func(f *closure.Filter, s string) { f.Conversation = s })
	words("Agent", ids, "invalid agent", func(f *closure.Filter, s string) { f.Agent = s })
	words("Group", ids, "invalid group", func(f *closure.Filter, s string) { f.Group = s })
	words("Article", ids, "invalid article", func(f *closure.Filter, s string) { f.Article = s })
	words("Outcome", join(badEnums, nearly("resolved")), "invalid outcome", func(f *closure.Filter, s string) { f.Outcome = closure.Outcome(s) })
	words("Cause", join(badEnums, nearly("spam")), "invalid cause", func(f *closure.Filter, s string) { f.Cause = closure.Cause(s) })
	words("Side", join(badEnums, nearly("team")), "invalid side", func(f *closure.Filter, s string) { f.Side = closure.Side(s) })
	words("Sentiment", join(badEnums, nearly("neutral")), "invalid sentiment", func(f *closure.Filter, s string) { f.Sentiment = closure.Sentiment(s) })
	words("Grades", join(empty, badEnums, nearly("abrupt")), "invalid grades", func(f *closure.Filter, s string) { f.Grades = []closure.Grade{closure.Abrupt, closure.Grade(s)} })
	words("Tag", badFilterTags, "invalid tag", func(f *closure.Filter, s string) { f.Tag = s })
	words("Tag", strangeFilterTags(), "accepted", func(f *closure.Filter, s string) { f.Tag = s })
	field(b, method, parameter, "Grades", []named[int]{{"10,000", 10_000}}, "accepted", func(s *S, n int) { of(s).Grades = slices.Repeat([]closure.Grade{closure.Abrupt}, n) })
	field(b, method, parameter, "From", farTimes, "invalid from", func(s *S, at time.Time) { of(s).From = at })
	field(b, method, parameter, "To", farTimes, "invalid to", func(s *S, at time.Time) { of(s).To = at })
}

// tokens puts bad tokens into lists: garbage, those of other lists, and forged
// ones, for which there is no secret.
func (b *table) tokens(t testing.TB) {
	w := newWorld(t, memory.New(), nil)
	ctx := t.Context()
	page, err := w.desk.List(ctx, acme, lifecycle.View{}, "", 1)
	must(t, err)
	closings, err := w.desk.Closings(ctx, acme, lifecycle.ClosingView{}, "", 1)
	must(t, err)
	unconfirmed, err := w.desk.Unconfirmed(ctx, acme, lifecycle.ClosingView{}, lifecycle.Notes{}, "", 1)
	must(t, err)
	history, err := w.desk.CustomerHistory(ctx, acme, "vic", "", 1)
	must(t, err)
	newest, err := w.desk.List(ctx, acme, lifecycle.View{Newest: true}, "", 1)
	must(t, err)
	mine := map[string]string{"List": page.Next, "Closings": closings.Next, "Unconfirmed": unconfirmed.Next, "CustomerHistory": history.Next}
	for _, token := range mine {
		if token == "" {
			t.Fatal("a list of one page has no token to break")
		}
	}
	for method, token := range mine {
		scalar(b, method, "token", join(brokenTokens(token), forgedTokens(t, token, method == "Closings" || method == "Unconfirmed"), []named[string]{
			{"of another order", newest.Next},
		}), "invalid token")
		for other, theirs := range mine {
			if other != method {
				scalar(b, method, "token", []named[string]{{"of " + other, theirs}}, "invalid token")
			}
		}
		scalar(b, method, "token", movedTokens(t, token), "accepted")
	}
	// A good token, for another workspace.
	b.add("List", ".token", "invalid token", []try{{value: "of another workspace"}}, forAnother("List", lifecycle.View{}, page.Next))
	b.add("Closings", ".token", "invalid token", []try{{value: "of another workspace"}}, forAnother("Closings", lifecycle.ClosingView{}, closings.Next))
}

func brokenTokens(token string) []named[string] {
	encoded := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	body, _ := base64.RawURLEncoding.DecodeString(token)
	return join(badEnums, []named[string]{
		{"cut", token[:len(token)-1]}, {"half", token[:len(token)/2]}, {"a byte", token[:1]}, {"twice", token + token}, {"one more letter", token + "A"}, {"padded", token + "="},
		{"padded twice", token + "=="}, {"standard base64", "+/+/" + token}, {"NUL behind", token + "\x00"}, {"a space behind", token + " "}, {"percent", token + "%00"}, {"changed case", strings.ToUpper(token)},
		{"not UTF-8 behind", token + "\xff"}, {"a slash", "../" + token}, {"decoded", string(body)}, {"encoded twice", encoded(token)}, {"10 MB of base64", strings.Repeat(token, (10<<20)/len(token))},
		{"null", encoded("null")}, {"an array", encoded("[]")}, {"an empty object", encoded("{}")}, {"a string", encoded(`"` + canary + `"`)}, {"a number", encoded("1e999")}, {"nothing", encoded(" ")},
		{"cut JSON", encoded(string(body[:len(body)-1]))}, {"JSON and more", encoded(string(body) + "x")}, {"JSON twice", encoded(string(body) + string(body))}, {"not UTF-8 inside", encoded("{\"id\":\"" + canary + "\xff\"}")},
		{"deep", encoded(strings.Repeat("[", 100_000))}, {"deep objects", encoded(strings.Repeat(`{"v":`, 20_000))}, {"a lone surrogate", encoded(`{"t":1,"id":"\ud800` + canary + `","v":"AAAAAAAAAAA="}`)},
	})
}

// forge returns the token with a field changed.
func forge(t testing.TB, token, field string, value any) string {
	t.Helper()
	body, err := base64.RawURLEncoding.DecodeString(token)
	must(t, err)
	var fields map[string]any
	must(t, json.Unmarshal(body, &fields))
	if fields[field] = value; value == nil {
		delete(fields, field)
	}
	body, err = json.Marshal(fields)
	must(t, err)
	return base64.RawURLEncoding.EncodeToString(body)
}

// forgedTokens have the right sum of the view, and a place that is none.
func forgedTokens(t testing.TB, token string, numbered bool) []named[string] {
	t.Helper()
	var all []named[string]
	add := func(name, field string, value any) {
		all = append(all, named[string]{name, forge(t, token, field, value)})
	}
	for _, id := range badIDs() {
		if len(id.v) < 2000 {
			add("an ID with "+id.name, "id", id.v)
		}
	}
	add("no ID", "id", nil)
	add("an empty ID", "id", "")
	add("an ID that is a number", "id", 7)
	add("a time that is a word", "t", canary)
	add("a time with a fraction", "t", 1.5)
	add("a time beyond numbers", "t", json.RawMessage("1e400"))
	add("a time beyond 64 bits", "t", json.RawMessage("9223372036854775808"))
	add("no sum", "v", nil)
	add("an empty sum", "v", "")
	add("another sum", "v", "AAAAAAAAAAA=")
	add("a long sum", "v", strings.Repeat("AAAA", 1000))
	add("a sum of numbers", "v", []int{1, 2, 3})
	for _, at := range []int64{math.MinInt64, math.MaxInt64, math.MaxInt64 - 1, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC).UnixMicro()} {
		add("a time that no store reaches: "+time.UnixMicro(at).UTC().String(), "t", at)
	}
	if numbered {
		add("no number", "n", nil)
		add("number zero", "n", 0)
		add("number -1", "n", -1)
		add("more closings than a history can have", "n", conversation.MaxHistory+1)
		add("the greatest number", "n", json.RawMessage("9223372036854775807"))
		add("the least number", "n", json.RawMessage("-9223372036854775808"))
		add("a number beyond 64 bits", "n", json.RawMessage("9223372036854775808"))
		add("a number with a fraction", "n", 1.5)
	}
	return all
}

// movedTokens are legal: another place of the same list, near or far.
func movedTokens(t testing.TB, token string) []named[string] {
	t.Helper()
	return []named[string]{
		{"the first instant", forge(t, token, "t", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro())},
		{"the last instant", forge(t, token, "t", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).UnixMicro())},
		{"1970", forge(t, token, "t", 0)},
		{"an ID nobody has", forge(t, token, "id", "zzz")},
		{"a number nobody has", forge(t, token, "n", conversation.MaxHistory)},
	}
}
