package drivertest_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// wrong returns what must not be, from the journals and from what the racers were
// told. It counts what happened.
func (r *closersRun) wrong(ctx context.Context) []string {
	all := r.failed
	clear(r.did)
	var recounted []closure.Record
	for _, c := range r.chats {
		v := closersVerdict{run: r, chat: c}
		if err := v.judge(ctx); err != nil {
			v.say("cannot be judged: %v", err)
		}
		all = append(all, v.wrong...)
		recounted = append(recounted, v.recounted...)
	}
	for _, s := range r.raced {
		r.did["conflicts"] += int(s.conflicts.Load())
	}
	return append(all, r.wrongReports(ctx, recounted)...)
}

// A closersVerdict is what must not be of one conversation.
type closersVerdict struct {
	run       *closersRun
	chat      *closersChat
	wrong     []string
	recounted []closure.Record

	journal   []conversation.Record
	successor []conversation.Record // of the conversation that continues it, if any
	claimed   map[conversation.Version]bool
}

func (v *closersVerdict) say(format string, args ...any) {
	v.wrong = append(v.wrong, v.chat.id+" of "+cmp.Or(v.chat.group, "no group")+": "+fmt.Sprintf(format, args...))
}

func (v *closersVerdict) did(what string) { v.run.did[what]++ }

func (v *closersVerdict) judge(ctx context.Context) (err error) {
	desk := v.run.nodes[0]
	if v.journal, err = desk.History(ctx, closersWorkspace, v.chat.id, 0, 0); err != nil {
		return err
	}
	v.walk()
	if err := v.judgeState(ctx); err != nil {
		return err
	}
	if err := v.judgeSuccessor(ctx); err != nil {
		return err
	}
	v.claimed = map[conversation.Version]bool{}
	for _, a := range v.chat.attempts {
		switch command := a.command.(type) {
		case conversation.Close:
			v.judgeClose(a, command)
		case conversation.Say:
			v.judgeSay(a, command)
		case conversation.Reclassify:
			v.judgeReclassify(a)
		case conversation.AnswerSurvey:
			v.judgeAnswer(a)
		case conversation.Expire:
			v.judgeExpire(a)
		}
	}
	for _, r := range v.journal {
		switch r.Event.(type) {
		case conversation.Closed, conversation.Reclassified, conversation.SurveyAnswered:
			if !v.claimed[r.Seq] {
				v.say("nobody was told of record %d, %+v", r.Seq, r.Event)
			}
		}
	}
	return nil
}

// walk goes through the journal: a closing is of what is open, is followed by the
// offer of a survey, and knows of every message before it; a message to what is
// closed reopens it.
func (v *closersVerdict) walk() {
	open, closings := true, 0
	next := func(i int) conversation.Event {
		if i+1 < len(v.journal) {
			return v.journal[i+1].Event
		}
		return nil
	}
	for i, r := range v.journal {
		if r.Seq != conversation.Version(i+1) {
			v.say("record %d is number %d", r.Seq, i+1)
		}
		switch e := r.Event.(type) {
		case conversation.Closed:
			closings++
			if !open || e.Number != closings {
				v.say("closing %d, of what is open: %t, has number %d", closings, open, e.Number)
			}
			if offered, ok := next(i).(conversation.SurveyOffered); !ok || offered.Number != e.Number {
				v.say("closing %d is followed by %+v, want the offer of a survey", e.Number, next(i))
			}
			v.judgeGrade(i, r, e)
			open = false
			v.did("closings")
			v.did("closings by " + string(r.By.Kind))
		case conversation.Reopened:
			if open || e.Number != closings {
				v.say("closing %d reopened after %d closings, open: %t", e.Number, closings, open)
			}
			open = true
		case conversation.Said:
			if !fromVisitor(r) || open {
				continue
			}
			if v.chat.group == "shut" {
				v.say("message %d is in what is closed for good", r.Seq)
			} else if _, ok := next(i).(conversation.Reopened); !ok {
				v.say("message %d came after closing %d and reopened nothing: nobody knows of it", r.Seq, closings)
			}
		}
	}
}

func fromVisitor(r conversation.Record) bool {
	said, ok := r.Event.(conversation.Said)
	return ok && !said.Automatic && r.By.Kind == conversation.KindVisitor
}

// judgeGrade compares the grade with what was last said since it was opened or
// closed before, and a closing by timer with what was said since it was announced.
func (v *closersVerdict) judgeGrade(i int, r conversation.Record, e conversation.Closed) {
	person := r.By.Kind == conversation.KindAgent || r.By.Kind == conversation.KindSupervisor
	unanswered, followed := false, false
	for _, before := range slices.Backward(v.journal[:i]) {
		if _, closed := before.Event.(conversation.Closed); closed {
			break
		}
		if _, ok := before.Event.(conversation.FollowedUp); ok {
			followed = true
		}
		if said, ok := before.Event.(conversation.Said); ok {
			unanswered = fromVisitor(before) && len(said.Marks) == 0
			break
		}
	}
	switch {
	case !person && e.Grade != "":
		v.say("closing %d by %s has grade %s", e.Number, r.By, e.Grade)
	case person && (e.Grade == closure.Unanswered) != unanswered:
		v.say("closing %d by %s has grade %q; the visitor wrote last: %t", e.Number, r.By, e.Grade, unanswered)
	case person && !slices.Contains(closure.Grades(), e.Grade):
		v.say("closing %d by %s has grade %q", e.Number, r.By, e.Grade)
	case r.By.Kind == conversation.KindTimer && !followed:
		v.say("closing %d by timer was not announced since somebody wrote", e.Number)
	}
	guarded := v.chat.group == "enforce" || v.chat.group == "warn" && !e.Acknowledged
	if person && guarded && e.Cause != closure.Forced && !e.Grade.Courteous() {
		v.say("closing %d by %s has grade %s, although there is a guard", e.Number, r.By, e.Grade)
	}
}

// judgeState compares what is stored with what the journal amounts to: the
// conversation, and its closings.
func (v *closersVerdict) judgeState(ctx context.Context) error {
	evolved := conversation.Conversation{Workspace: closersWorkspace, ID: v.chat.id}
	for _, r := range v.journal {
		evolved = conversation.Evolve(evolved, r)
	}
	now, err := v.run.nodes[1].Get(ctx, closersWorkspace, v.chat.id)
	if err != nil {
		return err
	}
	if diff := gocmp.Diff(evolved, now); diff != "" {
		v.say("is not what its journal amounts to (-journal +stored):\n%s", diff)
	}
	if last := slices.IndexFunc(v.journal, func(r conversation.Record) bool { return r.Seq == now.LastVisitorMessage }); now.State == conversation.StateClosed && last >= 0 {
		after := v.journal[last:]
		if !slices.ContainsFunc(after, func(r conversation.Record) bool { _, ok := r.Event.(conversation.Closed); return ok }) {
			v.say("ended closed with message %d, which came after the closing", now.LastVisitorMessage)
		}
	}
	v.recounted = conversation.Recount(closersWorkspace, v.chat.id, v.journal)
	q := storage.ClosingQuery{Workspace: closersWorkspace, Filter: closure.Filter{Conversation: v.chat.id}}
	rows, err := v.run.store.Closings(ctx, q, 100)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b closure.Record) int { return a.Number - b.Number })
	if diff := gocmp.Diff(v.recounted, rows); diff != "" {
		v.say("closings are not what the journal amounts to (-journal +stored):\n%s", diff)
	}
	closed := 0
	for _, r := range v.journal {
		if _, ok := r.Event.(conversation.Closed); ok {
			closed++
		}
	}
	if len(rows) != closed {
		v.say("%d closings are counted, %d are in the journal", len(rows), closed)
	}
	return nil
}

// judgeSuccessor reads the conversation that continues it, of which there is one
// where nothing reopens.
func (v *closersVerdict) judgeSuccessor(ctx context.Context) error {
	id := ""
	for _, a := range v.chat.attempts {
		if a.err != nil || !a.result.Successor {
			continue
		}
		if id != "" && id != a.result.Conversation.ID {
			v.say("has successors %s and %s", id, a.result.Conversation.ID)
		}
		id = a.result.Conversation.ID
	}
	if id == "" {
		return nil
	}
	if v.chat.group != "shut" {
		v.say("has a successor, although it reopens")
	}
	var err error
	if v.successor, err = v.run.nodes[0].History(ctx, closersWorkspace, id, 0, 0); err != nil {
		return err
	}
	if opened, ok := v.successor[0].Event.(conversation.Opened); !ok || opened.Previous != v.chat.id {
		v.say("has a successor that begins with %+v", v.successor[0].Event)
	}
	return nil
}

// closing returns the closing that an attempt was told of, which nobody else was
// told to have made.
func (v *closersVerdict) closing(a closersAttempt) (conversation.Closed, bool) {
	for _, r := range a.result.Records {
		e, ok := r.Event.(conversation.Closed)
		if ok {
			v.claim(a, r)
			return e, true
		}
	}
	return conversation.Closed{}, false
}

// claim notes that somebody was told to have made a record.
func (v *closersVerdict) claim(a closersAttempt, r conversation.Record) {
	switch {
	case int(r.Seq) > len(v.journal) || !gocmp.Equal(v.journal[r.Seq-1], r) || r.By != a.call.By:
		v.say("%s was told of record %d, %+v, which is not in the journal", a.call.By, r.Seq, r.Event)
	case v.claimed[r.Seq]:
		v.say("record %d, %+v, was made twice", r.Seq, r.Event)
	}
	v.claimed[r.Seq] = true
}

func (v *closersVerdict) judgeExpire(a closersAttempt) {
	if _, ok := v.closing(a); ok {
		v.did("tried")
	}
}

// judgeClose: who closes wins, or learns why not.
func (v *closersVerdict) judgeClose(a closersAttempt, command conversation.Close) {
	v.did("tried")
	if a.err != nil {
		v.judgeLoser(a, command)
		return
	}
	e, ok := v.closing(a)
	if !ok {
		v.say("%s was told that it is closed, but not by what", a.call.By)
		return
	}
	if command.Outcome != "" && e.Outcome != command.Outcome || command.Force != (e.Cause == closure.Forced) {
		v.say("%s closed it by %+v as %+v", a.call.By, command, e)
	}
	if e.Acknowledged {
		v.did("acknowledged")
		if v.chat.group != "warn" || command.Acknowledged != e.Grade {
			v.say("%s closed it by a yes to %q, and it was %s", a.call.By, command.Acknowledged, e.Grade)
		}
	}
	if a.call.AsOf == 0 || command.Force {
		return
	}
	v.did("closings as of")
	for _, r := range v.journal {
		if closed, ok := r.Event.(conversation.Closed); ok && closed.Number == e.Number {
			break
		}
		if fromVisitor(r) && r.Seq > a.call.AsOf {
			v.say("%s closed it as of %d, after message %d", a.call.By, a.call.AsOf, r.Seq)
		}
	}
}

func (v *closersVerdict) judgeLoser(a closersAttempt, command conversation.Close) {
	var refused *conversation.RefusedError
	if !errors.As(a.err, &refused) {
		v.say("%s: %v", a.call.By, a.err)
		return
	}
	by := a.call.By
	person := by.Kind == conversation.KindAgent || by.Kind == conversation.KindSupervisor
	founded := false
	switch refused.Why {
	case conversation.ErrAlreadyClosed:
		v.did("came too late")
		founded = slices.ContainsFunc(v.journal, func(r conversation.Record) bool {
			e, ok := r.Event.(conversation.Closed)
			of := refused.Closing
			return ok && of != nil && e.Number == of.Number && r.By == of.By && e.Cause == of.Cause && r.Now().Equal(of.At)
		})
	case conversation.ErrStale:
		v.did("were stale")
		at := int(refused.Since)
		founded = !command.Force && a.call.AsOf > 0 && refused.Since > a.call.AsOf && at <= len(v.journal) &&
			(fromVisitor(v.journal[at-1]) || by.Kind == conversation.KindBot)
	case conversation.ErrHeld:
		v.did("held by another")
		founded = by.Kind == conversation.KindBot || by == conversation.Agent("ben") && refused.Holder == "ann" ||
			by == conversation.Agent("ann") && refused.Holder != "ann"
	case conversation.ErrDiscourteous:
		v.did("discourteous")
		founded = person && !command.Force && refused.Advice != nil && !refused.Advice.Grade.Courteous() &&
			(v.chat.group == "enforce" || v.chat.group == "warn" && command.Acknowledged != refused.Advice.Grade)
		if founded && v.chat.group == "warn" && command.Acknowledged != "" {
			v.did("yes to another warning")
		}
	case conversation.ErrFormIncomplete:
		v.did("incomplete")
		founded = person && !command.Force && v.chat.group == "form" && command.Sentiment == "" &&
			slices.Equal(refused.Missing, []closure.Field{closure.FieldSentiment})
	}
	if !founded {
		v.say("%s, as of %d: %v", by, a.call.AsOf, a.err)
	}
}

// judgeSay: every message is in one journal, once.
func (v *closersVerdict) judgeSay(a closersAttempt, command conversation.Say) {
	if a.err != nil {
		v.say("%q was refused: %v", command.Text, a.err)
		return
	}
	count := func(journal []conversation.Record) (n int, at conversation.Version) {
		for _, r := range journal {
			if text, _ := conversation.Text(r.Event); text == command.Text {
				n, at = n+1, r.Seq
			}
		}
		return n, at
	}
	here, at := count(v.journal)
	there, _ := count(v.successor)
	switch {
	case here+there != 1 || there == 1 != a.result.Successor:
		v.say("%q is %d times here and %d times in the successor, told: %t", command.Text, here, there, a.result.Successor)
	case a.call.By.Kind != conversation.KindVisitor:
	case there == 1:
		v.did("messages to a successor")
	case int(at) < len(v.journal) && conversation.EventName(v.journal[at].Event) == "reopened":
		v.did("messages that reopened")
		if !a.result.Reopened() {
			v.say("%q reopened it, which nobody was told", command.Text)
		}
	default:
		v.did("messages before")
	}
}

func (v *closersVerdict) judgeReclassify(a closersAttempt) {
	if a.err == nil {
		for _, r := range a.result.Records {
			v.claim(a, r)
			v.did("new decisions")
		}
		return
	}
	var refused *conversation.RefusedError
	founded := errors.As(a.err, &refused) && (refused.Why == conversation.ErrNotPossible && refused.State != conversation.StateClosed ||
		refused.Why == conversation.ErrFormIncomplete && v.chat.group == "form")
	if !founded {
		v.say("%s: %v", a.call.By, a.err)
	}
}

func (v *closersVerdict) judgeAnswer(a closersAttempt) {
	if a.err == nil {
		for _, r := range a.result.Records {
			v.claim(a, r)
			v.did("answers")
		}
		return
	}
	v.did("answers refused")
	var refused *conversation.RefusedError
	founded := errors.As(a.err, &refused) && (refused.Why == conversation.ErrNoSurvey || refused.Why == conversation.ErrSurveyAnswered)
	if !founded {
		v.say("%s: %v", a.call.By, a.err)
	}
}

// A closersCount is what a report says of closings.
type closersCount struct{ Closings, Resolved, Unresolved, Surveyed, Answers, Ratings, Reopened int64 }

func (n closersCount) with(r closure.Record) closersCount {
	n.Closings++
	if r.Outcome == closure.Resolved {
		n.Resolved++
	} else {
		n.Unresolved++
	}
	n.Surveyed += r.Figures[closure.Surveyed]
	n.Reopened += r.Figures[closure.Reopened]
	if rating := r.Figures[closure.Rating]; rating != closure.None {
		n.Answers++
		n.Ratings += rating
	}
	return n
}

func closersLine(l closure.Line) closersCount {
	return closersCount{
		l.Closings, l.Share.Resolved, l.Share.Unresolved,
		l.Figures[closure.Surveyed].Total, l.Figures[closure.Rating].N, l.Figures[closure.Rating].Total, l.Figures[closure.Reopened].Total,
	}
}

// wrongReports compares reports of all with a recount.
func (r *closersRun) wrongReports(ctx context.Context, recounted []closure.Record) (wrong []string) {
	desk, err := lifecycle.New(r.store, &lifecycle.Options{Clock: &r.clock}) // on the store itself, which may count by itself
	if err != nil {
		return []string{err.Error()}
	}
	total := closersCount{}
	for _, c := range recounted {
		total = total.with(c)
	}
	if total.Closings != total.Surveyed || total.Closings != int64(r.did["closings"]) || total.Answers != int64(r.did["answers"]) {
		wrong = append(wrong, fmt.Sprintf("%+v, of %d closings and %d answers", total, r.did["closings"], r.did["answers"]))
	}
	if total.Reopened != int64(r.did["messages that reopened"]) {
		wrong = append(wrong, fmt.Sprintf("%d reopened, by %d messages", total.Reopened, r.did["messages that reopened"]))
	}
	for by, key := range map[closure.Dimension]func(closure.Record) []string{
		closure.ByOutcome: func(c closure.Record) []string { return []string{string(c.Outcome)} },
		closure.ByCause:   func(c closure.Record) []string { return []string{string(c.Cause)} },
		closure.ByGrade:   func(c closure.Record) []string { return []string{string(c.Grade)} },
		closure.ByAgent:   func(c closure.Record) []string { return []string{c.Agent} },
		closure.ByGroup:   func(c closure.Record) []string { return []string{c.Group} },
		closure.ByTag: func(c closure.Record) []string {
			if len(c.Tags) == 0 {
				return []string{""}
			}
			return c.Tags
		},
	} {
		want := map[string]closersCount{}
		for _, c := range recounted {
			for _, k := range key(c) {
				want[k] = want[k].with(c)
			}
		}
		report, err := desk.Report(ctx, closersWorkspace, lifecycle.ReportQuery{By: []closure.Dimension{by}})
		if err != nil {
			return append(wrong, err.Error())
		}
		got := map[string]closersCount{}
		for _, line := range report.Lines {
			got[line.Keys[0]] = closersLine(line)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			wrong = append(wrong, fmt.Sprintf("report by %s (-recount +report):\n%s", by, diff))
		}
		if diff := gocmp.Diff(total, closersLine(report.Total)); diff != "" {
			wrong = append(wrong, fmt.Sprintf("total of the report by %s (-recount +report):\n%s", by, diff))
		}
	}
	return wrong
}
