package hostile_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// TestLegal gives texts that mean something to somebody else, and are only texts
// here: they come back byte for byte from every store.
func TestLegal(t *testing.T) {
	thin := 3
	if testing.Short() {
		thin = 40
	}
	var mu sync.Mutex // guards what follows
	var tried int64
	var problems []string
	t.Run("each", func(t *testing.T) { // returns when all have ended
		for _, s := range subjects {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				store, dump := s.open(t)
				w := newWorld(t, store, dump)
				n, broken := echo(w, echoes(), thin)
				mu.Lock()
				defer mu.Unlock()
				tried += int64(n)
				problems = append(problems, broken...)
			})
		}
	})
	for _, p := range problems[:min(len(problems), 20)] {
		t.Error(p)
	}
	proof.Count(t, proof.Figure{
		Suite: suite, Tried: tried, Trials: "legal but hostile texts", Broken: int64(len(problems)), Breaks: "refused or changed", Details: fmt.Sprintf("on %d stores", len(subjects)),
	})
}

// An echoed text is written somewhere and read somewhere else.
type echoed struct {
	place string
	texts []named[string]
	say   func(ctx context.Context, w *world, text string) error
	read  func(ctx context.Context, w *world) (string, error)
}

// echo writes texts into each place, and returns how many, and which did not come
// back.
func echo(w *world, places []echoed, thin int) (n int, problems []string) {
	ctx := context.Background()
	for _, e := range places {
		for i, text := range e.texts {
			if i%thin != 0 {
				continue
			}
			n++
			err := e.say(ctx, w, text.v)
			got := ""
			if err == nil {
				got, err = e.read(ctx, w)
			}
			if err != nil {
				problems = append(problems, fmt.Sprintf("%s, %s: %.200v", e.place, text.name, err))
			} else if got != text.v {
				problems = append(problems, fmt.Sprintf("%s, %s: %.60q came back as %.60q", e.place, text.name, text.v, got))
			}
		}
	}
	return n, problems
}

func echoes() []echoed {
	last := func(read func(conversation.Record) string) func(context.Context, *world) (string, error) {
		return func(ctx context.Context, w *world) (string, error) {
			c, err := w.desk.Get(ctx, acme, "c-open")
			if err != nil {
				return "", err
			}
			records, err := w.desk.History(ctx, acme, "c-open", c.Version-1, 1)
			if err != nil || len(records) != 1 {
				return "", fmt.Errorf("%d records: %w", len(records), err)
			}
			return read(records[0]), nil
		}
	}
	text := func(r conversation.Record) string {
		s, _ := conversation.Text(r.Event)
		return s
	}
	policy := func(set func(*conversation.Policies, string)) func(context.Context, *world, string) error {
		return func(ctx context.Context, w *world, s string) error {
			p, revision, err := w.desk.Policies(ctx, acme)
			if err != nil {
				return err
			}
			set(&p, s)
			_, err = w.desk.SetPolicies(ctx, acme, p, revision)
			return err
		}
	}
	stored := func(read func(conversation.Policies) string) func(context.Context, *world) (string, error) {
		return func(ctx context.Context, w *world) (string, error) {
			p, _, err := w.desk.Policies(ctx, acme)
			return read(p), err
		}
	}
	lines := keep(legalTexts(conversation.MaxTag), func(s string) bool { return line(s) })
	return []echoed{
		{"a message of the visitor", legalTexts(conversation.MaxText), func(ctx context.Context, w *world, s string) error {
			_, err := w.desk.Say(ctx, open(vic), s)
			return err
		}, last(text)},
		{"a message of the agent, as the visitor has not read it", legalTexts(1 << 10), func(ctx context.Context, w *world, s string) error {
			if _, err := w.desk.MarkRead(ctx, open(vic), 0); err != nil {
				return err
			}
			_, err := w.desk.Say(ctx, open(ann), s)
			return err
		}, func(ctx context.Context, w *world) (string, error) {
			unread, err := w.desk.Unread(ctx, acme, "vic")
			for _, u := range unread {
				if u.Conversation == "c-open" {
					return text(u.Record), err
				}
			}
			return "", errors.Join(err, errors.New("nothing is unread"))
		}},
		{"a note, in the transcript", legalTexts(conversation.MaxNote), func(ctx context.Context, w *world, s string) error {
			_, err := w.desk.AddNote(ctx, lifecycle.Call{Workspace: acme, Conversation: "c-waiting", By: ann}, s)
			return err
		}, func(ctx context.Context, w *world) (string, error) {
			tr, err := w.desk.Transcript(ctx, acme, "c-waiting", lifecycle.Notes{}, lifecycle.ForAgents)
			if err != nil || len(tr.Lines) == 0 {
				return "", err
			}
			return tr.Lines[len(tr.Lines)-1].Text, nil
		}},
		{"the notes of a form, in the customer's history", legalTexts(conversation.MaxNote), func(ctx context.Context, w *world, s string) error {
			_, err := w.desk.Reclassify(ctx, closed(ann), conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Notes: s}})
			return err
		}, func(ctx context.Context, w *world) (string, error) {
			h, err := w.desk.CustomerHistory(ctx, acme, "vic", "", 10)
			for _, e := range h.Engagements {
				if e.Conversation.ID == "c-closed-1" {
					return e.Endings[0].Notes, err
				}
			}
			return "", errors.Join(err, errors.New("no engagement"))
		}},
		{"a ticket", keep(legalTexts(conversation.MaxTicket), func(s string) bool { return line(s) && strings.HasPrefix(s, canary) && !strings.Contains(s, ":") }),
			func(ctx context.Context, w *world, s string) error {
				_, err := w.desk.Reclassify(ctx, closed(ann), conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tickets: []string{s}}})
				return err
			}, func(ctx context.Context, w *world) (string, error) {
				c, err := w.desk.Get(ctx, acme, "c-closed-1")
				if err != nil || c.Closing == nil || len(c.Closing.Tickets) != 1 {
					return "", errors.Join(err, errors.New("no ticket"))
				}
				return c.Closing.Tickets[0], nil
			}},
		{"a tag of the catalogue", lines, policy(func(p *conversation.Policies, s string) { p.Tags = []string{s} }),
			func(ctx context.Context, w *world) (string, error) {
				tags, err := w.desk.Tags(ctx, acme)
				return strings.Join(tags, "|"), err
			}},
		{"the tag of a closing, found by it", lines, func(ctx context.Context, w *world, s string) error {
			if err := policy(func(p *conversation.Policies, s string) { p.Tags = []string{s} })(ctx, w, s); err != nil {
				return err
			}
			if _, err := w.desk.Reclassify(ctx, closed(ann), conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tags: []string{s}}}); err != nil {
				return err
			}
			page, err := w.desk.List(ctx, acme, lifecycle.View{Tag: s}, "", 10)
			if err == nil && len(page.Conversations) != 1 {
				err = fmt.Errorf("%d conversations have the tag", len(page.Conversations))
			}
			return err
		}, func(ctx context.Context, w *world) (string, error) {
			report, err := w.desk.Report(ctx, acme, lifecycle.ReportQuery{Filter: closure.Filter{Conversation: "c-closed-1"}, By: []closure.Dimension{closure.ByTag}})
			if err != nil || len(report.Lines) != 1 {
				return "", errors.Join(err, fmt.Errorf("%d lines", len(report.Lines)))
			}
			return report.Lines[0].Keys[0], nil
		}},
		{"the text of an idle step", legalTexts(idle.MaxText), policy(func(p *conversation.Policies, s string) {
			p.Default.Idle.Assigned = idle.Ladder{Steps: []idle.Step{{After: snooze.Long, Action: idle.Prompt, Text: s, Phrase: s}}}
		}), stored(func(p conversation.Policies) string { return p.Default.Idle.Assigned.Steps[0].Text })},
		{"the phrase of a courtesy", legalTexts(idle.MaxText), policy(func(p *conversation.Policies, s string) {
			p.Default.Courtesy.CheckIn, p.Default.Courtesy.Farewell = s, s
		}),
			stored(func(p conversation.Policies) string { return p.Default.Courtesy.CheckIn })},
	}
}

// line reports whether a text could be a tag.
func line(s string) bool {
	return !slices.ContainsFunc(badLines(conversation.MaxTag), func(n named[string]) bool { return n.v == s }) &&
		strings.TrimSpace(s) == s && !strings.ContainsAny(s, "\n\t\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
}

// TestLegalCatches plants stores that change what they are given.
func TestLegalCatches(t *testing.T) {
	t.Parallel()
	for _, fault := range []struct {
		name   string
		change func(string) string
	}{
		{"texts are trimmed", strings.TrimSpace},
		{"texts are cut at 60,000 bytes", func(s string) string { return s[:min(len(s), 60_000)] }},
		{"texts are escaped for a page", strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace},
		{"directions are taken out", strings.NewReplacer("\u202e", "", "\u2066", "").Replace},
		{"accents are composed", strings.NewReplacer("e\u0301", "é").Replace},
		{"four bytes are too many", func(s string) string {
			return strings.Map(func(r rune) rune {
				if r > 0xffff {
					return '\ufffd'
				}
				return r
			}, s)
		}},
	} {
		s := memory.New()
		w := newWorld(t, s, nil)
		w.desk = frozen(t, changing{s, fault.change})
		_, problems := echo(w, echoes()[:1], 1)
		proof.Planted(t, suite, fault.name, len(problems) > 0)
	}
	_, problems := echo(newWorld(t, memory.New(), nil), echoes()[:1], 1)
	for _, p := range problems {
		t.Errorf("without a fault: %s", p)
	}
}

// A changing store changes the texts of events.
type changing struct {
	storage.Store
	change func(string) string
}

func (s changing) Commit(ctx context.Context, c storage.Commit) error {
	c.Events = slices.Clone(c.Events)
	for i := range c.Events {
		c.Events[i].Text = s.change(c.Events[i].Text)
	}
	return s.Store.Commit(ctx, c)
}
