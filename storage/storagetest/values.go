package storagetest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

const (
	bytesAndTimes = "Bodies and texts come back byte for byte, times to the microsecond in UTC."
	timesAre      = "Times are UTC in whole microseconds."
)

var valueCases = []testCase{
	{
		name:     "bodies byte for byte",
		sentence: bytesAndTimes,
		run: func(p probe) {
			for i, body := range awkwardBodies() {
				c := change(chat(fmt.Sprint(i)), 0, 2)
				c.Head.Body, c.Events[0].Body, c.Events[1].Body = body, body, body
				c.Head.Since = viewedAt(i)
				p.commit(c)
				p.setPolicies(fmt.Sprint("w", i), 0, string(body))
				what := fmt.Sprintf("body %d (%d bytes) ", i, len(body))
				p.same(what+"of the head", p.load(c.Key, "").Head, c.Head)
				p.same(what+"in History", p.history(c.Key, 0, all), c.Events)
				p.same(what+"in Feed", p.feed(storage.Position(i), 1), []storage.Entry{entry(storage.Position(i)+1, c)})
				policies := p.load(storage.Key{Workspace: fmt.Sprint("w", i), Conversation: "x"}, "").Policies
				p.same(what+"of policies", policies.Body, body)
				p.same(what+"in View", p.view(storage.Query{
					Workspace: "acme", State: stateOpen, Order: storage.BySince, From: c.Head.Since,
				}, all), rows(c))
				p.putAndRead(what+"of a record", fmt.Sprint(i), func(r *storage.Record) { r.Body = body })
			}
		},
	},
	{
		name:     "texts byte for byte",
		sentence: bytesAndTimes,
		run: func(p probe) {
			for i, text := range awkwardTexts() {
				c := change(chat(fmt.Sprint(i)), 0, 2)
				c.Events[0].Text, c.Events[1].Text = text, text
				p.commit(c)
				what := fmt.Sprintf("text %d (%d bytes) ", i, len(text))
				p.same(what+"in History", p.history(c.Key, 0, all), c.Events)
				p.same(what+"in Feed", p.feed(storage.Position(i), 1), []storage.Entry{entry(storage.Position(i)+1, c)})
				p.putAndRead(what+"of a record", fmt.Sprint(i), func(r *storage.Record) { r.Text = text })
			}
		},
	},
	{
		name:     "reasons byte for byte",
		sentence: bytesAndTimes,
		run: func(p probe) {
			p.commit(opening(chat("a")))
			for i, reason := range awkwardTexts() {
				want := storage.Setback{Failures: math.MaxInt32 - i, RetryAt: noon, Reason: reason}
				p.setBack(chat("a"), 1, want)
				what := fmt.Sprintf("reason %d (%d bytes) ", i, len(reason))
				p.same(what+"in Load", p.load(chat("a"), "").Setback, want)
				p.same(what+"in Setbacks", p.setbacks(storage.Key{}, all), []storage.SetbackOf{{Key: chat("a"), Setback: want}})
			}
		},
	},
	{
		name:     "times to the microsecond in UTC",
		sentence: bytesAndTimes,
		run: func(p probe) {
			for i, at := range awkwardTimes() {
				c := closingAt(at, sleeping(chat(fmt.Sprint(i)), at))
				p.commit(c)
				p.sameTime("the due instant of the head", p.load(c.Key, "").Head.Due, at)
				p.sameTime("the closing instant of the head", p.load(c.Key, "").Head.DormantSince, at)
				for _, d := range p.due(at, storage.Due{At: at}, 1) {
					p.sameTime("the instant in Due", d.At, at)
				}
				p.setBack(c.Key, 1, failed(1, at))
				p.sameTime("the instant of the setback in Load", p.load(c.Key, "").Setback.RetryAt, at)
				for _, s := range p.setbacks(storage.Key{}, all) {
					p.sameTime("the instant in Setbacks", s.RetryAt, at)
				}
				p.setBack(c.Key, 1, storage.Setback{})
			}
		},
	},
	{
		name:     "times of views and records to the microsecond in UTC",
		sentence: bytesAndTimes,
		run: func(p probe) {
			for i, at := range awkwardTimes() {
				id := fmt.Sprint(i)
				p.put(dueAt(at, agent(id, 1)))
				c := decided(at, seated(id, opening(chat(id))))
				c.Head.Since, c.Head.Updated = at, at.Add(-time.Microsecond)
				p.commit(c)
				p.sameTime("the due instant of the record", p.agent(id).Due, at)
				p.sameTime("the instant when a seat was taken", p.agent(id).SeatsAt, at)
				for _, r := range p.list(agentQuery(), fmt.Sprint(i, "!"), 1) {
					p.same("a listed record", r, p.record(r.Key))
				}
				for _, d := range p.dueRecords(at, storage.DueRecord{At: at}, 1) {
					p.sameTime("the instant in DueRecords", d.At, at)
				}
				head := p.load(c.Key, "").Head
				p.sameTime("Since in Load", head.Since, at)
				p.sameTime("Updated in Load", head.Updated, c.Head.Updated)
				since := storage.Query{Workspace: "acme", State: stateOpen, Order: storage.BySince, From: at, To: at.Add(time.Microsecond)}
				updated := since
				updated.Order, updated.From, updated.To = storage.ByUpdated, c.Head.Updated, at
				for _, q := range []storage.Query{since, updated} {
					found := p.view(q, all)
					p.same("what View shows of that microsecond", found, rows(c))
					p.sameTime("Since in View", found[0].Head.Since, at)
					p.sameTime("Updated in View", found[0].Head.Updated, c.Head.Updated)
				}
				p.commit(decided(at, closing(change(c.Key, 1, 1))))
			}
		},
	},
	{
		name:     "the zero time stays zero",
		sentence: timesAre,
		run: func(p probe) {
			p.commit(opening(chat("a")))
			p.put(agent("zoe", 1))
			if r := p.agent("zoe"); !r.Due.IsZero() || !r.SeatsAt.IsZero() {
				p.Errorf("the record of an agent that is never due and had no seat taken: due %v, seats at %v", r.Due, r.SeatsAt)
			}
			p.setBack(chat("a"), 1, failed(1, never))
			l := p.load(chat("a"), "")
			if at := l.Head.Due; !at.IsZero() {
				p.Errorf("a conversation that is never due has the due instant %v", at)
			}
			if at := l.Head.DormantSince; !at.IsZero() {
				p.Errorf("a conversation that is open was closed at %v", at)
			}
			if at := l.Setback.RetryAt; !at.IsZero() {
				p.Errorf("a setback that lasts until it is released has the instant %v", at)
			}
		},
	},
	{
		name:     "numbers and fingerprints",
		sentence: bytesAndTimes,
		run: func(p probe) {
			c := identified("one", under(math.MaxInt32+1, opening(chat("a"))))
			for i := range c.Command.Fingerprint {
				c.Command.Fingerprint[i] = byte(0xff - 17*i)
			}
			zero := identified("zero", change(chat("a"), 1, 1))
			zero.Command.Fingerprint = [16]byte{}
			p.commit(c)
			p.same("the head", p.load(chat("a"), "").Head, c.Head)
			p.commit(zero)
			p.same("the fingerprint", p.applied(chat("a"), "one").Fingerprint, c.Command.Fingerprint)
			p.same("the zero fingerprint", p.applied(chat("a"), "zero").Fingerprint, [16]byte{})
			p.put(agent("zoe", math.MaxInt32))
			p.same("the capacity", p.agent("zoe").Capacity, math.MaxInt32)
		},
	},
	{
		name:     "words of views and groups byte for byte",
		sentence: bytesAndTimes,
		run: func(p probe) {
			for i, word := range awkwardTexts() {
				if word == "" || len(word) > 1000 { // Longer ones are not for indexes.
					continue
				}
				c := opening(chat(fmt.Sprint(i)))
				c.Head.State, c.Head.Group, c.Head.Outcome, c.Head.Tags = word, word, word, []string{word}
				p.commit(c)
				what := fmt.Sprintf("word %d ", i)
				p.same(what+"in Load", p.load(c.Key, "").Head, c.Head)
				p.same(what+"in View", p.view(storage.Query{
					Workspace: "acme", State: word, Group: word, Outcome: word, Tag: word, Order: storage.ByUpdated,
				}, all), rows(c))
				p.putAndRead(what+"as a group", fmt.Sprint(i), func(r *storage.Record) { r.Groups = []string{word} })
				p.sameIDs(what+"in List", p.list(storage.RecordQuery{
					Workspace: "acme", Kind: storage.KindAgent, Group: word,
				}, "", all), []string{fmt.Sprint(i)})
			}
		},
	},
}

// putAndRead puts the record of an agent with a change, and reads it.
func (p probe) putAndRead(what, id string, change func(*storage.Record)) {
	p.Helper()
	r := agent(id, 1)
	change(&r)
	p.put(r)
	r.Version = 1
	p.same(what, p.agent(id), r)
	p.same(what+" in List", slices.DeleteFunc(p.list(agentQuery(), "", all), func(r storage.Record) bool {
		return r.Key.ID != id
	}), []storage.Record{r})
}

// sameTime is stricter than same: also the zone counts.
func (p probe) sameTime(what string, got, want time.Time) {
	p.Helper()
	if !got.Equal(want) || got.Location() != time.UTC {
		p.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// awkwardBodies include all bytes, because bodies are opaque.
func awkwardBodies() [][]byte {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	bodies := [][]byte{
		{},
		{0},
		every,
		[]byte(`{"b":1,  "a":1.0, "a":1e2, "big":12345678901234567890}`), // would change as jsonb
		[]byte(`{"t":"\u0000\u00e9\ud83d\ude00 \/ \\ \" \n"}`),
		[]byte(" \n{}\r\n "),
		[]byte(strings.Repeat(`{"long":"body"},`, 1<<14)),
	}
	for _, text := range awkwardTexts() {
		bodies = append(bodies, []byte(text))
	}
	return bodies
}

// awkwardTexts are valid UTF-8 without NUL, as the library has checked.
func awkwardTexts() []string {
	var controls strings.Builder
	for r := rune(1); r < 0xa0; r++ {
		controls.WriteRune(r)
	}
	return []string{
		"",
		" ",
		"\n",
		"two lines\r\nand a tab\t and spaces at the end  \n\n",
		"\ufeffbegins with a byte order mark",
		"caf\u00e9 cafe\u0301 \u212b \ufb01", // would change if normalised
		"שלום \u202e gnirts \u2066 مرحبا \u200f \u200d",
		"👩🏽‍🚀 🏳️‍🌈 𐍈 \U0010ffff \uffff \ufffd",
		"quotes ' '' \" ` and \\ \\n \\x00 \\u0000 %s %d $1 ? :name @p1 -- /* ; */ {} []",
		"NULL",
		"0012.50",
		controls.String(),
		strings.Repeat("é", 32<<10), // 64 KiB, the longest that is legal
	}
}

func awkwardTimes() []time.Time {
	return append(oldInstants(),
		noon,
		noon.Truncate(time.Second),
		noon.Truncate(time.Second).Add(time.Microsecond),
		noon.Truncate(time.Second).Add(999_999*time.Microsecond),
		noon.AddDate(0, 0, 400),
		time.Date(2026, time.March, 29, 1, 30, 0, 0, time.UTC), // no such hour in Berlin
		endOfTime,
	)
}
