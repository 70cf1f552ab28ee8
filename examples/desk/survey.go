package main

import (
	"context"
	"net/url"
	"strconv"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// A surveyCard asks the visitor about what one closing ended.
type surveyCard struct {
	Number  int // of the closing
	Over    bool
	Rating  int // zero: not answered
	Comment string
}

// surveysOf returns the surveys of a journal by the numbers of their closings.
func surveysOf(p page, journal []conversation.Record) map[int]*surveyCard {
	all := map[int]*surveyCard{}
	for _, r := range journal {
		switch e := r.Event.(type) {
		case conversation.SurveyOffered:
			all[e.Number] = &surveyCard{Number: e.Number, Over: !p.Now.Before(e.Until)}
		case conversation.SurveyAnswered:
			if card := all[e.Number]; card != nil {
				card.Rating, card.Comment = e.Rating, e.Comment
			}
		}
	}
	return all
}

// An askedSurvey is what the part of the page gets that shows a survey.
type askedSurvey struct {
	*surveyCard
	Question string
	Path     string // of the conversation
	Past     bool
	Blocked  bool
	Problem  string // why its answer was refused
	Typed    string // its comment
	Ratings  []rating
}

// A rating is a choice of a survey.
type rating struct {
	Value  int
	Chosen bool
}

// Asked returns it, for a survey in the chat, with what was chosen and typed if its
// answer was refused.
func (v visitorView) Asked(line chatLine) askedSurvey {
	s := askedSurvey{
		surveyCard: line.Survey, Question: line.Text,
		Path: v.Me.Base() + "/conversations/" + v.Chat.ID, Past: v.Past, Blocked: v.Chat.Blocked,
	}
	if v.Wrong.Chosen("survey", "number", strconv.Itoa(s.Number)) {
		s.Problem, s.Typed = v.Problem("survey"), v.Wrong.Filled("survey", "comment")
	}
	for n := 1; n <= conversation.MaxRating; n++ {
		s.Ratings = append(s.Ratings, rating{n, s.Problem != "" && v.Wrong.Chosen("survey", "rating", strconv.Itoa(n))})
	}
	return s
}

// answerSurvey answers the survey of the closing that its form names.
func (a *app) answerSurvey(ctx context.Context, call lifecycle.Call, form url.Values) error {
	number, err := strconv.Atoi(form.Get("number"))
	if err != nil || number < 1 {
		return errNoPage // its form has the number
	}
	rating, _ := strconv.Atoi(form.Get("rating")) // none chosen: the Desk refuses zero
	_, err = a.desk.AnswerSurvey(ctx, call, conversation.AnswerSurvey{Number: number, Rating: rating, Comment: form.Get("comment")})
	return err
}
