package main

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// An openConversation is a conversation as its page shows it to an agent.
type openConversation struct {
	card
	Lines   []lifecycle.Line
	Allowed map[string]bool // what the agent may do now

	Next    string    // what it does next by itself, when and why
	Advice  []string  // what the agent should know
	Prompt  *prompt   // what the idle rules tell its agent; nil: nothing
	Course  course    // its states over the time
	Earlier []earlier // conversations with the same customer
	Older   bool      // there are more

	Transfer, Assign     *transferring // the dialogs, nil for what may not be done
	SnoozeIt             *snoozing
	CloseIt              *closing
	Reclassify           *closing
	AddNote, LinkArticle *dialog

	journal []conversation.Record
	wrong   *problem
}

// conversationPage shows the desk with a conversation open.
func (a *app) conversationPage(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if conversation.CheckID("conversation", id) != nil {
		a.fail(w, r, errNoPage)
		return
	}
	a.showDesk(w, r, http.StatusOK, id, nil)
}

// open reads what the page of a conversation shows.
func (a *app) open(ctx context.Context, p page, id string, wrong *problem) (*openConversation, error) {
	c, err := a.desk.Get(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	o := &openConversation{wrong: wrong}
	if o.card, err = a.card(ctx, p, c); err != nil {
		return nil, err
	}
	if o.journal, err = a.desk.History(ctx, workspace, id, 0, 0); err != nil {
		return nil, err
	}
	if refused, ok := stale(wrong); ok {
		wrong.Text = a.missed(o.journal, refused.Since)
	}
	o.Lines = a.lines(p, o.journal)
	o.Course = a.course(c, o.journal, p.Now)
	if o.Prompt = promptFor(p.Me, c, o.journal); o.Prompt != nil {
		o.Lines = slices.DeleteFunc(o.Lines, func(l lifecycle.Line) bool { return l.Version == o.Prompt.Version })
	}
	if o.Allowed, err = a.allowed(ctx, id, p.Me); err != nil {
		return nil, err
	}
	policies, _, err := a.desk.Policies(ctx, workspace)
	if err != nil {
		return nil, err
	}
	policy := policies.For(c.Group)
	if o.Next, err = a.next(ctx, p, c, policy); err != nil {
		return nil, err
	}
	if o.Advice, err = a.hints(ctx, p, o, policy); err != nil {
		return nil, err
	}
	if err := a.earlier(ctx, p, o); err != nil {
		return nil, err
	}
	return o, a.dialogs(ctx, p, o, policy)
}

// allowed returns what somebody may do with a conversation now, for templates.
func (a *app) allowed(ctx context.Context, id string, who person) (map[string]bool, error) {
	names, err := a.desk.Allowed(ctx, workspace, id, who.Actor())
	all := map[string]bool{}
	for _, name := range names {
		all[string(name)] = true
	}
	return all, err
}

// dialogs makes the dialogs for what the agent may do.
func (a *app) dialogs(ctx context.Context, p page, o *openConversation, policy conversation.Policy) (err error) {
	if o.Transfer, err = a.transferring(ctx, p, o); err != nil {
		return err
	}
	if o.Assign, err = a.assigning(ctx, p, o); err != nil {
		return err
	}
	if o.SnoozeIt, err = a.snoozing(p, o, policy); err != nil {
		return err
	}
	if o.CloseIt, err = a.closing(ctx, p, o, policy); err != nil {
		return err
	}
	o.AddNote, o.LinkArticle = o.dialog(p, "add-note"), o.dialog(p, "link-article")
	o.Reclassify, err = a.reclassifying(ctx, p, o, policy)
	return err
}

// notes are the words for what happened.
func (a *app) notes() lifecycle.Notes {
	return lifecycle.Notes{
		Name:     a.people.Name,
		Location: time.Local,
		Texts:    map[string]string{"outcome.unresolved": words(closure.Unresolved)},
	}
}

// lines are what happened, for agents.
func (a *app) lines(p page, journal []conversation.Record) []lifecycle.Line {
	lines := a.notes().Transcript(workspace, "", journal, lifecycle.ForAgents).Lines
	events := map[conversation.Version]conversation.Event{}
	for _, r := range journal {
		events[r.Seq] = r.Event
	}
	for i := range lines {
		line := &lines[i]
		if line.Kind != lifecycle.LineEvent {
			continue
		}
		switch e := events[line.Version].(type) {
		case conversation.Closed:
			if e.Cause == closure.Forced {
				line.Text += ", by force"
			}
		case conversation.Snoozed: // until when, as everything else on the page
			if !e.Deadline.At.IsZero() {
				line.Text = line.Name + " snoozed the conversation until " + p.At(e.Deadline.At)
			}
		}
	}
	return lines
}

// Unsent returns the message that was not sent, to be changed.
func (o *openConversation) Unsent() string { return o.wrong.Filled("say", "text") }
