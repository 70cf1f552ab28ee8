package main

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

// How a conversation is closed whose visitor fell silent, unless that was set
// otherwise.
const (
	followUpAfter = 10 * time.Minute
	closeAfter    = time.Hour
	followUpText  = "Are you still there? If we hear nothing, we will close this chat. You can write again at any time."
)

// settingsOf returns the policy of a group as its form shows it, with the catalogue
// of tags, which is one for all.
func settingsOf(all conversation.Policies, group string) url.Values {
	p := all.For(group)
	form := url.Values{
		"guard":    {string(p.Courtesy.Guard)},
		"patience": {minutes(p.Courtesy.Patience, closure.DefaultPatience)},
		"routing":  {"push"},
		"prompt":   {""},
		"tags":     {strings.Join(all.Tags, "\n")},
	}
	if p.PullOnly {
		form.Set("routing", "pull")
	}
	for _, step := range ladderOf(p).Steps {
		switch step.Action {
		case idle.Prompt:
			if form.Get("prompt") == "" {
				form.Set("prompt", minutes(step.After, 0))
			}
		case idle.Close:
			form.Set("close", "on")
		}
	}
	for field, on := range map[string]bool{"survey": p.Survey.Offer, "email": p.NotifyByEmail} {
		if on {
			form.Set(field, "on")
		}
	}
	for _, field := range p.Required {
		form.Add("required", string(field))
	}
	return form
}

// applySettings changes the policy of a group by its form, or that of everything
// else and the catalogue. What is as it was stays as it is, to the letter: a form
// shows less than there is.
func applySettings(all *conversation.Policies, group string, form url.Values) (err error) {
	was, p := settingsOf(*all, group), all.For(group)
	changed := func(fields ...string) bool {
		return slices.ContainsFunc(fields, func(field string) bool { return !slices.Equal(was[field], form[field]) })
	}
	p.Courtesy.Guard = closure.Guard(form.Get("guard"))
	if changed("patience") {
		if p.Courtesy.Patience, err = parseMinutes("patience", form.Get("patience")); err != nil {
			return err
		}
	}
	p.PullOnly = form.Get("routing") == "pull"
	if changed("prompt", "close") {
		if p.Idle.Assigned, err = changeLadder(ladderOf(p), form.Get("prompt"), form.Has("close")); err != nil {
			return err
		}
	}
	p.Survey.Offer, p.NotifyByEmail = form.Has("survey"), form.Has("email")
	p.Required = nil
	for _, field := range form["required"] {
		p.Required = append(p.Required, closure.Field(field))
	}
	if group != "" {
		if all.Groups == nil {
			all.Groups = map[string]conversation.Policy{}
		}
		all.Groups[group] = p
		return nil
	}
	all.Default, all.Tags = p, nil
	for tag := range strings.Lines(form.Get("tags")) {
		if tag = strings.TrimSpace(tag); tag != "" {
			all.Tags = append(all.Tags, tag)
		}
	}
	return nil
}

// changeLadder returns the ladder with the prompt after so many minutes, or without
// one, and with closing or without it. What it does not speak of stays.
func changeLadder(l idle.Ladder, prompt string, closes bool) (idle.Ladder, error) {
	is := func(actions ...idle.Action) func(idle.Step) bool {
		return func(s idle.Step) bool { return slices.Contains(actions, s.Action) }
	}
	l.Off, l.Steps = false, slices.Clone(l.Steps)
	if prompt == "" {
		l.Steps = slices.DeleteFunc(l.Steps, is(idle.Prompt))
	} else {
		after, err := parseMinutes("prompt", prompt)
		if err != nil {
			return l, err
		}
		i := slices.IndexFunc(l.Steps, is(idle.Prompt))
		if i < 0 {
			i = 0
			l.Steps = slices.Insert(l.Steps, 0, idle.Step{Action: idle.Prompt, Text: idle.DefaultText, Phrase: idle.DefaultPhrase})
		}
		l.Steps[i].After = after
	}
	switch closed := slices.ContainsFunc(l.Steps, is(idle.Close)); {
	case closes && !closed:
		l.Steps = slices.DeleteFunc(l.Steps, is(idle.FollowUp, idle.HandBack, idle.Requeue))
		l.Steps = append(l.Steps,
			idle.Step{After: followUpAfter, Action: idle.FollowUp, Text: followUpText},
			idle.Step{After: closeAfter, Action: idle.Close})
		l.LastSpeaker = idle.Responder // never on a visitor who waits for an answer
	case closed && !closes:
		l.Steps = slices.DeleteFunc(l.Steps, is(idle.FollowUp, idle.Close))
		l.LastSpeaker = idle.Anyone
	}
	l.Off = len(l.Steps) == 0
	return l, nil
}

// ladderOf returns what happens in a policy while nobody writes to an agent.
func ladderOf(p conversation.Policy) idle.Ladder {
	if p.Idle.Assigned.IsZero() {
		return idle.Default()
	}
	return p.Idle.Assigned
}

// minutes returns a duration as people type it, and the default for none.
func minutes(d, otherwise time.Duration) string {
	if d == 0 {
		d = otherwise
	}
	return strconv.FormatFloat(d.Minutes(), 'f', -1, 64)
}

func parseMinutes(field, s string) (time.Duration, error) {
	m, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	d := time.Duration(math.Round(m*60)) * time.Second
	if err != nil || !(m > 0 && m <= idle.MaxWait.Minutes()) || d == 0 {
		return 0, wrong(field, fmt.Sprintf("must be minutes, more than 0 and at most %.0f", idle.MaxWait.Minutes()))
	}
	return d, nil
}

// holds reports whether a field of a form has a value, among others.
func holds(form url.Values, field string, value any) bool {
	return slices.Contains(form[field], fmt.Sprint(value))
}
