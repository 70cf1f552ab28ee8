package storagetest

import (
	"fmt"
	"math"
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
				p.commit(c)
				p.setPolicies(fmt.Sprint("w", i), 0, string(body))
				what := fmt.Sprintf("body %d (%d bytes) ", i, len(body))
				p.same(what+"of the head", p.load(c.Key, "").Head, c.Head)
				p.same(what+"in History", p.history(c.Key, 0, all), c.Events)
				p.same(what+"in Feed", p.feed(storage.Position(i), 1), []storage.Entry{entry(storage.Position(i)+1, c)})
				policies := p.load(storage.Key{Workspace: fmt.Sprint("w", i), Conversation: "x"}, "").Policies
				p.same(what+"of policies", policies.Body, body)
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
		name:     "the zero time stays zero",
		sentence: timesAre,
		run: func(p probe) {
			p.commit(opening(chat("a")))
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
		},
	},
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
